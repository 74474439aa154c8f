/* The console's own words (shared ones are in ui/i18n). A calm colleague: facts first, then what one can do. */
export default {
  app: { name: '践诺', office: '办公室' },
  loading: '正在读取',
  sign_in: { name: '用户名', password: '密码', go: '登录', wrong: '用户名或密码不对。', missing: '请填写用户名和密码。' },
  rail: { label: '主要页面', board: '看板', intake: '受理', dispatch: '派工', reports: '报告', customers: '客户', assets: '设备', letters: '承诺', needs: '待处理', people: '人员', me: '我的', me_named: '{name}，我的账号' },
  problem: { no_network: '现在连不上服务器。', no_network_draft: '现在连不上服务器。填的内容都在这台电脑上，连上后再按一次。', unknown: '没读出来，内容都在。', retry: '再试' },
  find: { placeholder: '客户、序列号、单号、电话', kind: { customer: '客户', site: '现场', contact: '联系人', asset: '设备', work_order: '工单', report: '报告' } },
  list: { more: '再看一些', found: '找到 {n} 份' },
  form: { required: '这一项必须填' },
  edit: { field: '改{label}', save: '保存', cancel: '不改了', collided: '这一项别人刚改过，用哪个？没选的也留在历史里。', now_there: '现在是：', yours: '您写的：', use_mine: '用我的', use_theirs: '用现在的' },
  clause: { unknown: '没有找到 {clause} 的原文。' },
  channel: { phone: '电话', remote: '远程', onsite: '上门', walk_in: '到店', mail: '邮件', fax: '传真', network: '网络' },
  impact: { critical: '办不了公', important: '受影响', normal: '不影响' },
  remedy: { refund: '退货', exchange: '换货', repair: '修理', maintenance: '维护' },
  gate: {
    owner_required: '指定专人负责', onsite_required: '必须上门，不能只用电话处理', phone_reason: '只用电话处理要写明理由', backup_notice: '动手前请客户签备份告知',
    user_damage_notice: '动手前告知收费并请客户签字', quote_above_ceiling: '报价超过升级上限', customer_acceptance: '客户验收才能结单', fault_report: '交故障报告才能结单',
    cause_and_fix: '报告写明原因和处理才能结单', training_signoff: '培训签字确认',
  },
  before: { dispatch: '派工前', work: '动手前', close: '结单前' },
  owed: { training_offer: '请客户参加培训', loaner: '修不好要借备用机', promise_note: '给客户书面说明和明确日期', replacement: '免费更换' },
  fact: {
    asset_accepted_on: '验收日期', asset_invoiced_on: '发票日期', asset_purchased_on: '购买日期', asset_brand: '品牌', asset_category: '类别', asset_material: '材质', asset_stores_data: '是否存有数据',
    asset_price: '购买价格', customer_training_completed: '是否完成培训', request_product_price: '软件报价', request_priority: '级别', request_upgrade_quote: '升级报价', customer_province: '省份',
  },
  decision: { who_pays: '谁付费，为什么', live: '边填边算', waiting: '选好客户和现场，这里就说明谁付费、几只钟、还要做什么。', remedies: '补救方式', missing: '还缺这些才能判断：', clocks: '{n} 只钟', no_clocks: '承诺书没有给这件事定时限。', to_do: '还要做到' },
  intake: {
    title: '受理来电', who: '谁、哪里、什么设备', what: '什么事', caller_name: '来电人', caller_phone: '来电号码', customer: '客户', customer_find: '输入名称查找', site: '现场', site_choose: '选现场',
    assets: '设备', assets_choose: '序列号、型号或位置', symptom: '现象，照客户的话写', channel: '渠道', priority: '影响', kind: '类型', reported_at: '来电时间', now: '现在', owner: '负责人',
    engineer: '派给', engineer_later: '以后再派', planned_from: '几时到', at_once: '马上', phone_reason: '只用电话处理的理由', open_already: '这台设备已有一张未结工单 {number}：', see_it: '去看看',
    save_and_send: '建单并派工', save: '建单', save_only: '只建单', draft_kept: '草稿存在这台电脑，关掉不丢', clear: '清空',
  },
  board: {
    title: '工单看板', take_call: '受理来电', live: '实时', as_of: '这是 {time} 的内容', number: '单号', customer_and_symptom: '客户与现象', engineer: '工程师', nobody_yet: '待派', not_promised: '不要求', empty: '这里没有工单。来电时按 N 受理。',
    tile: { open: '全部未结', missed: '已超时', near: '将到期', running: '进行中', paused: '暂停', unassigned: '待派', all: '全部', needs_person: '等人处理', offline_engineers: '人离线超过 2 小时' },
  },
  work_order: {
    title: '工单', open: '打开工单', no_asset: '没有指定设备', visits: '上门', no_visit: '还没有派人。', send: '派人', cancel_visit: '取消', cancelled_by_office: '办公室取消', reports: '故障报告', no_report: '还没有报告。',
    log: '经过', log_note: '写一句', log_add: '记一笔', received: '{time} 收到', voided: '已作废：{reason}', reason: '理由', conflicts: '{n} 处两边都改了，去看看',
    step: { close: '结单', cancel: '取消工单', reopen: '重开' },
  },
  log: {
    reported: '来电受理', contacted: '联系客户', onsite_decided: '决定上门', remote_started: '转远程', sent: '已派人', accepted_visit: '接单', declined: '谢绝', departed: '离开现场', travelling: '出发', arrived: '到场', waiting: '等待', resumed: '继续', solved: '恢复正常',
    accepted: '客户验收', rejected: '客户不验收', report_submitted: '报告已提交', report_approved: '报告已通过', report_returned: '报告已退回', rescheduled: '改时间', reassigned: '改派', cancelled: '取消', closed: '结单', reopened: '重开', promised: '约定日期', excused: '客户原因', note: '备注',
    priority_changed: '改级别', visit_cancelled: '取消上门', visit_changed: '改上门', left: '离开现场', late_work: '后到的上门', overridden: '特批',
  },
  check_in: {
    in: '签到', out: '签退', distance: '离现场点 {d} 米 ±{a} 米', accept: '认可到场', at: '到场 {time}', from_site: '离现场点 {d} 米', agree: '手机、服务器判断一致', differ: '两次判断不同，都保留', phone_says: '手机：{v}', server_says: '服务器：{v}',
    accuracy: '精度', fix_age: '定位时刻', seconds_ago: '{n} 秒前', clock: '手机时钟', offset: '{way} {s} 秒，已校', fast: '快', slow: '慢', received: '收到', none: '没有签到（电话或远程处理）。', dial: '到场位置，按比例', north: '北', radius: '半径 {r} 米',
  },
  dispatch: {
    title: '派工', waiting: '待派 {n}', urgent_first: '急的在前', none_waiting: '没有待派的工单。', hint: '点一张工单选人派出；把已排的上门拖到别人或别的日子就是改派。改派不丢工程师手机里没发的东西。', no_engineer: '没有工程师。', choose_one: '请先选一位工程师。',
    note: '给工程师的话', send_named: '派出 {names}', today: '今天 {n} 次上门', metres: '{n} 米', kilometres: '{n} 公里', week_before: '上一周', week_after: '下一周',
    reason: {
      knows_asset: '修过这台', knows_customer: '来过这家', account_manager: '客户经理', skill: '懂 {skill}', near: '离得近', free: '现在有空', busy: '手上还有 {n} 次上门', offline: '离线，联系不上', never_seen: '还没用过手机', far: '离得远', overdue: '手上有超时的单', same_site: '今天本就要去这里',
    },
  },
  review: {
    title: '报告审核', waiting: '{n} 份待审', queue: '待审 {n}', all: '全部报告', to_look: '{n} 处要看', empty: '没有待审的报告。', approve: '通过', return: '退回', return_with: '退回，带 {n} 条意见', approved: '已通过', returned: '已退回', comment_first: '请在要改的地方写一句，工程师才知道改什么。',
    comment_at: '对{label}写意见', to_engineer: '写给工程师', overall: '总的意见', work_order: '工单',
  },
  report: {
    title: '故障报告', version: '第 {n} 版', sent_for_repair_on: '送修日期', repair_count: '第 {n} 次送修', previous: '前次 {date}', asset: '设备', symptom: '故障现象', reported_as: '来电时说的是：{text}', cause: '故障原因', cause_unknown_until: '原因待查，{date} 前答复',
    fix: '处理办法', outcome: '结果', next: '下一步：{text}', parts: '配件', replaced_by: '换为', guidance: '向客户说明', charges: '费用', clocks: '承诺时钟', acceptance: '交验签字', rating: '评 {n} 分', not_signed: '还没有签字', photos: '照片 {n} 张', photo: '照片', ink: '签字笔迹',
  },
  evidence: { signature_ok: '签字与报告一致，签后没有改动', signature_bad: '签字与报告对不上', no_signature: '没有可核对的签字', late: '离线完成，{n} 分钟后才收到；时钟按事发时刻算' },
  flag: {
    no_fix: '没有位置', uncertain: '位置说不准', off_site: '签到时不在现场', late: '离线完成，后来才收到', late_work: '改派之后才到的工作', missed_clock: '有承诺超时', changed: '签字后有改动', symptom_differs: '工单与报告的现象不同', verdicts_differ: '手机与服务器判断不同',
    teleport: '两次定位之间快得不可能', impossible_speed: '两次定位之间快得不可能', repeated_point: '坐标与另一天完全相同', same_point: '坐标与另一天完全相同', gcj02: '像是 GCJ-02 坐标', too_good: '精度好得可疑', clock_off: '手机时钟差得多', old_fix: '定位是早先的', same_strokes: '笔迹与另一单相同', rejected: '客户不验收', absent: '客户不在', refused: '客户拒签', photo_reused: '照片在别处用过', unsigned: '没有签字', not_verified: '签字对不上',
  },
  reports: { title: '全部报告', from: '从', until: '到', period: '提交日期', state: '状态', words: '单号、原因、序列号', number: '报告号', submitted: '提交时间', picked: '已选 {n} 份', all_found: '没有勾选时导出全部找到的', zip_pdf: 'PDF 打包', zip_word: 'Word 打包', pick: '选 {number}', pick_all: '全选', empty: '没有符合的报告。' },
  customer: {
    name: '名称', short_name: '简称', code: '编号', province: '省份', notes: '备注', find: '找客户', add: '新客户', empty: '还没有客户。', contacts: '联系人', contact: '联系人', phone: '电话', job: '职务', sites: '现场', site: '现场', address: '地址', point: '现场点', no_point: '还没有标', entered_in: '录入时 {datum}',
    site_notes: '进场须知', radius: '半径（米）', lat: '纬度（可整对粘贴）', lng: '经度', datum: '坐标来自', gcj: '高德、腾讯', bd: '百度', assets: '设备 {n} 台', contracts: '合同', no_contract: '没有合同。', work_orders: '近期工单', no_work_order: '还没有工单。', add_contact: '新联系人', add_site: '新现场', add_asset: '新设备',
  },
  category: { desktop: '台式机', laptop: '笔记本', server: '服务器', storage: '存储', switch: '交换机', cable: '网线', software: '软件', desk: '班台', cabinet: '文件柜', chair: '椅', clerk_desk: '职员台', sofa: '沙发', other: '其他' },
  material: { wood: '木', leather: '皮', steel: '钢', fabric: '布' },
  asset: {
    find: '序列号、型号、位置', serial: '序列号', model: '型号', brand: '品牌', category: '类别', place: '位置', accepted_on: '验收日期', invoiced_on: '发票日期', purchased_on: '购买日期', price: '价格', contract: '合同', customer: '去客户页', provisional: '手机上新建，待核', empty: '没有符合的设备。', out_of_service: '停用时段', never_out: '没有停用过。', still: '还没恢复',
    history: '履历', no_history: '还没有工单和报告。',
  },
  spell: { repair: '修理', parts: '等配件' },
  letter: { ref: '版本', title: '名称', clauses: '条款', clause: '条款', article: '出处', quote: '签的原文', meaning: '系统怎么做', empty: '没有安装承诺书。', not_found: '没有这份承诺书。' },
  needs: {
    conflicts: '两边都改了 {n} 处', both_changed: '{field}，两边都改了，用哪个？', live_now: '现在用的', from_phone: '手机上写的', use_this: '用这个', or_write: '或者写一个新的', other_kept: '没选的也留在历史里。', no_conflict: '没有要决定的。', settled: '已定。',
    stuck: '服务器没收下的 {n} 项', no_stuck: '手机上发来的都收下了。', rest_done: '其余照常收下', what_was_sent: '发来的内容', drop: '不再需要', drop_reason: '为什么不再需要？写一句，会留底。',
  },
  field: { contact: { name: '联系人姓名', phone: '联系人电话' }, work_order: { symptom: '故障现象' }, site: { notes: '进场须知' }, asset: { serial: '序列号', place: '位置' }, finding: { cause_text: '故障原因', fix_text: '处理办法', symptom_found: '故障现象' } },
  people: { name: '姓名', sign_in_name: '用户名', role: '角色', branch: '分公司', devices: '手机', add: '新账号', disable: '停用', enable: '恢复', revoke: '停用手机', revoked: '已停用', revoke_sure: '停用后这部手机不能再收发，上面没发出的内容不会删除。停用吗？', seen: '{time} 见过' },
  role: { engineer: '工程师', dispatcher: '调度', admin: '管理员' },
  me: { language: '语言', theme: '外观', password: '密码', old_password: '现在的密码', new_password: '新密码，至少 8 个字符', change_password: '改密码', password_changed: '密码已改，其他地方的登录已退出。', sign_out: '退出登录' },
  theme: { light: '浅色', dark: '深色', sunlight: '强光' },
}
