#!/bin/sh
# Renews what is vendored here: sh static/renew.sh [GOVUK_VERSION] [HTMX_VERSION]
#
# Needs npm, tar, sed and a network; nothing else in the project does. Files carry their version in their names, so a
# new version is a new address and no browser keeps an old one. README.md says what is changed on the way and why.
set -eu

cd "$(dirname "$0")"
govuk=${1:-6.6.0}
htmx=${2:-4.0.1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() { # package version: unpacked under $work/package
    rm -rf "$work/package"
    (cd "$work" && npm pack --silent "$1@$2" >/dev/null && tar -xzf ./*.tgz && rm ./*.tgz)
}

refuse() { # pattern file: what the content security policy would not run
    if grep -Eq "$1" "$2"; then
        echo "$2 contains $1: look before you commit" >&2
        exit 1
    fi
}

fetch govuk-frontend "$govuk"
rm -f govuk-frontend-*
sed -e 's/@font-face{[^}]*}//g' \
    -e 's/GDS Transport,arial/arial/g' \
    -e 's#url(/assets/images/[^)]*)#none#g' \
    -e '/^\/\*# sourceMappingURL=/d' -e 's#/\*\# sourceMappingURL=[^*]*\*/##' \
    "$work/package/dist/govuk/govuk-frontend.min.css" >"govuk-frontend-$govuk.min.css"
sed -e 's#//\# sourceMappingURL=.*##' "$work/package/dist/govuk/govuk-frontend.min.js" >"govuk-frontend-$govuk.min.js"
refuse 'GDS Transport|@font-face|url\(' "govuk-frontend-$govuk.min.css"
refuse '[^a-zA-Z]eval\(|new Function' "govuk-frontend-$govuk.min.js"

fetch htmx.org "$htmx"
rm -f htmx-*
sed -e 's#//\# sourceMappingURL=.*##' "$work/package/dist/htmx.min.js" >"htmx-$htmx.min.js"
cp "$work/package/LICENSE" "htmx-$htmx.LICENSE.txt"

# the npm package of govuk-frontend carries no licence file; this is the one of its repository
cat >"govuk-frontend-$govuk.LICENSE.txt" <<'LICENCE'
The MIT License (MIT)

Copyright (C) 2017 Crown Copyright (Government Digital Service)

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
LICENCE

# the addresses that name a version
for file in portal.js ../templates/base.html; do
    [ -f "$file" ] || continue
    sed -e "s/govuk-frontend-[0-9.]*[0-9]\.min/govuk-frontend-$govuk.min/g" -e "s/htmx-[0-9.]*[0-9]\.min/htmx-$htmx.min/g" \
        "$file" >"$work/changed" && cat "$work/changed" >"$file"
done
sed -e "s/^| govuk-frontend | [0-9.]* /| govuk-frontend | $govuk /" -e "s/^| htmx.org | [0-9.]* /| htmx.org | $htmx /" \
    README.md >"$work/changed" && cat "$work/changed" >README.md

ls -l govuk-frontend-* htmx-*
