#!/bin/sh
# Nothing is cut silently: every fixed buffer for text has a line in buffers.txt, beside this script,
# that says why nothing longer can come into it. Text of any length is kept in a struct c4_text
# (core/base/text.h). Run from the root of the project; each line of output is a violation.
# usage: buffers.sh [BUILD_FOLDER]
set -eu
list=cmake/checks/buffers.txt
declared=$(mktemp) found=$(mktemp)
trap 'rm -f "$declared" "$found"' EXIT

# Prints "path name[size]" for each array of char that is declared, wherever its lines are broken.
# Constants with their text, pointers, and bytes (unsigned, signed) are none.
# shellcheck disable=SC2016 # a program of awk
find core simd repro bench \( -name '*.[ch]' -o -name '*.cc' \) -type f | LC_ALL=C sort |
    LC_ALL=C xargs awk '
    # Removes comments and what is inside quotes from the file, whose lines follow on one another.
    function bare(line, out, at, c, next_at) {
        out = ""
        while (line != "") {
            if (comment) {
                at = index(line, "*/")
                if (!at) return out " "
                line = substr(line, at + 2)
                comment = 0
                continue
            }
            if (!match(line, /["\047]|\/\*|\/\//)) return out line
            at = RSTART
            c = substr(line, at, 1)
            out = out substr(line, 1, at - 1)
            if (c == "/") {
                if (substr(line, at + 1, 1) == "/") return out
                comment = 1
                line = substr(line, at + 2)
                continue
            }
            for (next_at = at + 1; next_at <= length(line); next_at++) {
                if (substr(line, next_at, 1) == "\\") next_at++
                else if (substr(line, next_at, 1) == c) break
            }
            out = out c c
            line = substr(line, next_at + 1)
        }
        return out
    }
    # Takes a token that matches the pattern, or nothing, from the text.
    function take(pattern, token) {
        sub(/^ +/, "", text)
        if (!match(text, "^(" pattern ")")) return ""
        token = substr(text, 1, RLENGTH)
        text = substr(text, RLENGTH + 1)
        return token
    }
    # Takes [...] with what is inside, without spaces at its ends.
    function dimension(at, depth, c, out) {
        sub(/^ +/, "", text)
        if (substr(text, 1, 1) != "[") return ""
        for (at = 1; at <= length(text); at++) {
            c = substr(text, at, 1)
            if (c == "[") depth++
            if (c == "]" && !--depth) break
        }
        out = substr(text, 1, at)
        text = substr(text, at + 1)
        gsub(/ +/, " ", out)
        gsub(/\[ | \]/, "", out)
        return out
    }
    # Leaves out an initialiser: up to a comma or the end of the declaration.
    function skip(at, depth, c) {
        for (at = 1; at <= length(text); at++) {
            c = substr(text, at, 1)
            if (c ~ /[[({]/) depth++
            if (c ~ /[])}]/ && --depth < 0) break
            if (c ~ /[,;]/ && !depth) break
        }
        text = substr(text, at)
    }
    # The declarators after a "char" that begins the text.
    function declarators(constant, name, size, part, pointer, row) {
        do {
            if (take("const") != "") constant = 1
            pointer = take("[*]") != ""
            row = !pointer && take("[(] *[*]") != ""
            while (take("[*]|const|restrict") != "") pointer = 1
            name = take("[A-Za-z_][A-Za-z_0-9]*")
            if (name == "") return
            if (row && take("[)]") == "") return
            size = ""
            while ((part = dimension()) != "") size = size part
            if (take("=") != "") {
                skip()
                if (constant) size = ""
            } else if (text ~ /^ *[A-Za-z_]/) return
            if (!pointer && size != "" && size != "[]") print path " " name size
        } while (take(",") != "")
    }
    function file_ends(before) {
        gsub(/[\t\n]/, " ", whole)
        while (match(whole, /(^|[^A-Za-z_0-9])char[^A-Za-z_0-9]/)) {
            before = substr(whole, 1, RSTART)
            text = substr(whole, RSTART + RLENGTH - 1)
            whole = text
            if (before ~ /(^|[^A-Za-z_0-9])(unsigned|signed) *$/) continue
            declarators(before ~ /(^|[^A-Za-z_0-9])const *$/)
        }
    }
    FNR == 1 { file_ends(); whole = ""; comment = 0; path = FILENAME }
    { whole = whole bare($0) "\n" }
    END { file_ends() }
' >"$declared"

awk -v list="$list" '
    function flaw(sentence) { print list ":" FNR ": " sentence }
    # The list. A line is "FILE name[size]", two spaces, and the reason, which is a class, perhaps with
    # words after a mark, or several words.
    FILENAME == list && (/^#/ || /^$/) { next }
    FILENAME == list {
        at = index($0, "  ")
        key = at ? substr($0, 1, at - 1) : $0
        reason = at ? substr($0, at) : ""
        gsub(/^ +| +$/, "", reason)
        if (reason == "") { flaw("no reason"); next }
        if ($1 == "class") { class[$2] = 1; next }
        word = reason
        sub(/[:;,.].*/, "", word)
        if (word !~ / / && !class[word]) flaw("there is no class " word)
        if ($1 == "size") { sized["[" $2 "]"] = FNR; next }
        lines[key]++
        last[key] = FNR
        next
    }
    # The declarations.
    {
        size = $0
        sub(/^[^[]*/, "", size)
        while (index(size, "][")) size = substr(size, index(size, "][") + 1)
        if (size in sized) { used[size] = 1; next }
        if (lines[$0]-- > 0) next
        print $0 ": no line in " list
    }
    END {
        for (key in lines)
            if (lines[key] > 0) print list ":" last[key] ": no such declaration: " key
        for (size in sized)
            if (!used[size]) print list ":" sized[size] ": no declaration has this size"
    }
' "$list" "$declared" >"$found"
LC_ALL=C sort "$found"
[ ! -s "$found" ]
