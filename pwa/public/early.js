/* Before the first paint: theme and language as last chosen, so that nothing flashes. Read by ui/theme.ts afterwards. */
;(function () {
  var root = document.documentElement
  try {
    var theme = localStorage.getItem('fp.theme')
    if (theme !== 'light' && theme !== 'dark' && theme !== 'sunlight') {
      theme = matchMedia('(prefers-contrast: more)').matches
        ? 'sunlight'
        : matchMedia('(prefers-color-scheme: dark)').matches
          ? 'dark'
          : 'light'
    }
    root.dataset.theme = theme
    var language = localStorage.getItem('fp.language')
    if (language === 'en' || language === 'zh-CN') root.lang = language
  } catch (error) {
    root.dataset.theme = 'light' // storage forbidden: the first theme is as good as any
  }
})()
