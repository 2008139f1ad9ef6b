#!/bin/sh
# The report in a real browser (headless Chromium): it fits phone and desktop screens in light and
# dark mode, and draws every picture. Exit status 77 without such a browser.
# usage: cli_browser.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
for browser in chromium chromium-browser google-chrome; do
    command -v "$browser" >/dev/null && break
    browser=
done
[ -n "$browser" ] || skip "no Chromium"
needs gnuplot

images=pretrain_images=64,pretrain_epochs=2,train_accuracy_images=64,accuracy_images=64
"$program" repro --out study --scale smoke --quiet --figures 1,2,3a \
    --set "$images,cka_images=40,curve_images=40,control_images=40" >log 2>&1 ||
    fail "repro: $(cat log)"

# page WIDTH: writes a page that measures the report in a frame of this width.
page() {
    cat >"around-$1.html" <<END
<!DOCTYPE html><title>wait</title>
<iframe id="f" src="study/report.html" style="width:$1px;height:900px;border:0"></iframe>
<script>
document.getElementById('f').onload = function () {
    var d = this.contentDocument, drawn = 0, svg = d.querySelectorAll('figure svg');
    svg.forEach(function (s) { if (s.querySelectorAll('path').length > 10) drawn++; });
    document.body.insertAdjacentHTML('beforeend', '<p>width ' + d.documentElement.scrollWidth +
        ' pictures ' + svg.length + ' drawn ' + drawn + ' background ' +
        getComputedStyle(d.body).backgroundColor + ' font ' +
        getComputedStyle(d.body).fontSize + '</p>');
};
</script>
END
}

# look WIDTH SCHEME: prints the browser's measurements of the report; scheme 0 is dark, 1 light.
look() {
    page "$1"
    timeout 300 "$browser" --headless --no-sandbox --disable-gpu --allow-file-access-from-files \
        --blink-settings=preferredColorScheme="$2" --virtual-time-budget=20000 --user-data-dir="$work/profile" \
        --dump-dom "file://$work/around-$1.html" 2>browser.log | grep -o 'width [0-9]* pictures.*font [0-9a-z]*'
}

set -- study/figures/*.svg
pictures=$#
for width in 390 1280; do
    light=$(look $width 1)
    case $light in
    *" pictures $pictures drawn $pictures "*"font 16px") ;;
    *) fail "at $width pixels, $pictures pictures: '$light' ($(tail -n 3 browser.log))" ;;
    esac
    measured=${light#width } # less than the frame because of a scroll bar
    [ "${measured%% *}" -le $width ] || fail "the page is wider than $width pixels: $light"
done
dark=$(look 390 0)
[ "${dark#*background }" != "${light#*background }" ] || fail "light and dark look the same: $dark"

finish
