/* Drops the stored shell and its worker, then opens the app anew. IndexedDB (all work) is never touched. */
document.getElementById('go').addEventListener('click', function () {
  var said = document.getElementById('said')
  if (!navigator.onLine) {
    said.textContent = '现在没有网络。有网络时再按，程序和您的东西都不动。 There is no network now; nothing was changed.'
    return
  }
  fetch('/api/version', { cache: 'no-store' })
    .then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status))
      return Promise.all([navigator.serviceWorker.getRegistrations(), caches.keys()])
    })
    .then(function (found) {
      return Promise.all(
        found[0].map(function (one) { return one.unregister() }).concat(found[1].map(function (name) { return caches.delete(name) })),
      )
    })
    .then(function () { location.replace('/') })
    .catch(function () {
      said.textContent = '连不上服务器，什么都没动。 The server cannot be reached; nothing was changed.'
    })
})
