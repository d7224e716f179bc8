# Makes one flat TAP stream, for prove, of what tests/guest/run has printed:
# every test with the guest, the user and the file in its name. A file that says
# less than it has announced, and a stream that ends early, are failures: there
# is to be an "all done" for each letter of "want". So is a machine that had to
# be ended, even if all was done.
function say(ok, what)
{
	printf "%s %d - %s\n", ok, ++count, what
	if (ok != "ok")
		failed = 1
	fflush()
}

function name() { return guest " " who " " file }

function end_of_file(status)
{
	if (!file)
		return
	if (plan < 0 || seen != plan)
		say("not ok", name() ": ended early, with status " status ", after " seen " tests")
	else if (status && !bad)
		say("not ok", name() ": no test failed, but its status is " status)
	file = ""
}

BEGIN { plan = -1 }

{ sub(/\r$/, "") }

/^# begin / {
	end_of_file("unknown")
	who = $3
	file = $4
	plan = -1
	seen = bad = 0
	next
}
/^# end / {
	printf "# %s: %d s\n", name(), $4
	end_of_file($3)
	next
}
/^# all done / {
	printf "# %s: all done %d s after the start\n", guest, $4
	done = done "x"
	next
}
/^# qemu: status / {
	end_of_file("unknown")
	say("not ok", guest " has not ended by itself: status " $4)
	next
}
file && /^1\.\.0/ {
	plan = 0
	sub(/^1\.\.0[^#]*/, "")
	say("ok", name() " " $0)
	next
}
file && /^1\.\.[0-9]+/ {
	plan = substr($1, 4) + 0
	next
}
file && /^(not )?ok / {
	ok = /^not/ ? "not ok" : "ok"
	sub(/^(not )?ok +[0-9]* *(- )?/, "")
	seen++
	bad += ok != "ok"
	say(ok, name() ": " $0)
	next
}
# whatever else it is, it is no result
{ print /^#/ ? $0 : "# " $0 }

END {
	end_of_file("unknown")
	if (done != want)
		say("not ok", guest " has ended early")
	print "1.." count + 0
	exit failed
}
