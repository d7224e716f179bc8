/*
 * The applets, each once; sorted as they are listed. A new one is a line here
 * and a file beside this one. No include guard: an X-macro list.
 */
APPLET(cgclassify)
APPLET(cgexec)
APPLET(check)
APPLET(gc)
APPLET(idmap)
APPLET(init)
APPLET(lsns)
APPLET(netns)
APPLET(newgidmap)
APPLET(newuidmap)
APPLET(nsenter)
APPLET(pivot)
APPLET(pivot_root)
APPLET(run)
APPLET(setpriv)
APPLET(switch_root)
APPLET(tty)
APPLET(unshare)
