#!/bin/sh
# The product's size; the budget stands in scripts/check-size.
. "${0%/*}/lib.sh"
need cmd:nm

CHECK=$(cd "$TESTS/.." && pwd)/scripts/check-size
export CHECK

test_ok 'the product is within its budget' '"$CHECK" "$NB"'
test_ok 'the control: a file that is too large is found' '
	cat "$NB" "$NB" "$NB" "$NB" "$NB" "$NB" "$NB" "$NB" >"$TMP/large"
	if "$CHECK" "$TMP/large" >"$TMP/said"; then exit 1; fi
	grep -q "large: [0-9]* bytes of [0-9]*$" "$TMP/said"
'
test_ok 'the largest symbols are named, largest first' '
	[ -d "${NB%/*}/obj" ] || exit 0
	"$CHECK" "$NB" | sed 1d >"$TMP/symbols"
	[ "$(wc -l <"$TMP/symbols")" = 15 ]
	sort -s -c -k 1,1nr "$TMP/symbols"
'
done_testing
