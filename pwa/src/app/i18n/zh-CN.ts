/* The phone's own words. A calm colleague: facts first, then what you can do; 您 to people, no blame. */
export default {
  sign_in: {
    title: '登录',
    name: '用户名',
    password: '密码',
    go: '登录',
    wrong: '用户名或密码不对。',
    no_network: '现在连不上服务器。第一次登录要有网络，之后没有网络也能用。',
    again: '请重新登录，{n} 项没发出的都还在这部手机上。',
    server_says: '服务器没有答应：{detail}',
    missing: '请填写用户名和密码。',
  },
}
