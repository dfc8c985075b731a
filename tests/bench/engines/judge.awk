# judge.awk - functions for tests/bench/engines/run: medians, their intervals, and what may be said of them.
#
# v[key, i, c] is the value c of the pair i of the row `key`, which has n[key] pairs.

function sort(s, n,    i, j, t) {
    for (i = 2; i <= n; i++) { t = s[i]; for (j = i - 1; j > 0 && s[j] > t; j--) s[j + 1] = s[j]; s[j + 1] = t }
}

function median(key, c,    i, s) {
    for (i = 1; i <= n[key]; i++) s[i] = v[key, i, c]
    sort(s, n[key])
    return n[key] % 2 ? s[(n[key] + 1) / 2] : (s[n[key] / 2] + s[n[key] / 2 + 1]) / 2
}

# Of the median of the pairs' own ratios a / b, into low and high: the k-th least and greatest, the largest k for which
# no more than 5 % lie outside (sign test); with fewer than 6 pairs all there is.
function interval(key, a, b,    i, s, k, p, tail) {
    for (i = 1; i <= n[key]; i++) s[i] = v[key, i, a] / v[key, i, b]
    sort(s, n[key])
    p = 0.5 ^ n[key]; tail = p
    for (k = 1; k < n[key] / 2; k++) {
        p = p * (n[key] - k + 1) / k
        if (2 * (tail + p) > 0.05) break
        tail += p
    }
    low = s[k]; high = s[n[key] + 1 - k]
}

# Of the ratio whose interval stands in low and high. PASS: from `least` to `most`, and known to be. OPEN: an end of what
# is asked for lies in the interval, and that is wider than the margin: the machine's noise hides it; or it is of fewer
# pairs than least_pairs. An interval that is narrower than the margin leaves it to the ratio.
function verdict(ratio, pairs, least, most, margin) {
    if (pairs < least_pairs) return "OPEN"
    if (high < least || low > most) return "FAIL"
    if (low >= least && high <= most) return "PASS"
    if (high - low > margin) return "OPEN"
    return ratio >= least && ratio <= most ? "PASS" : "FAIL"
}

# The worse of two.
function worse(a, b) { return a == "FAIL" || b == "FAIL" ? "FAIL" : a == "OPEN" || b == "OPEN" ? "OPEN" : "PASS" }
