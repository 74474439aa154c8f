"""Draws the app's icons as PNG from the mark (a clock whose hands are a tick). Run by hand when the mark changes:

python pwa/build/draw_icons.py
"""

from pathlib import Path

from playwright.sync_api import sync_playwright

ICONS = Path(__file__).resolve().parent.parent / "public" / "icons"
MARK = '<circle cx="12" cy="12" r="9"/><path d="M12 3v2.5M21 12h-2.5M12 21v-2.5M3 12h2.5M8.2 12.2l3 3 5-6.2"/>'
SIZES = {
    "icon-180.png": (180, 0.62, 0),
    "icon-192.png": (192, 0.66, 0.22),
    "icon-512.png": (512, 0.66, 0.22),
    "icon-maskable-512.png": (512, 0.5, 0),
}


def draw():
    """One square per size; the maskable and Apple ones fill their square, since the system cuts the corners."""
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        for name, (size, share, corner) in SIZES.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            mark = (
                f'<svg width="{size * share}" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="1.75"'
                f' stroke-linecap="round" stroke-linejoin="round">{MARK}</svg>'
            )
            page.set_content(
                f'<body style="margin:0;width:{size}px;height:{size}px;display:grid;place-items:center;'
                f'background:#0B5668;border-radius:{size * corner}px">{mark}</body>'
                "<style>html{background:transparent}</style>"
            )
            page.locator("body").screenshot(path=str(ICONS / name), omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    draw()
