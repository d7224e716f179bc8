/*
 * What core/nft.h has and no verb shows by itself, for tests:
 *
 *	nft_tool bridge NAME | internal NAME | unbridge NAME | bridges
 *	nft_tool gc V4...			these addresses are alive; prints how many ports were not
 *	nft_tool drop				a chain of others that drops
 */
#include <stdio.h>
#include <string.h>

#include <linux/netlink.h>

#include "core/nft.h"

#define MAX 16

static int show_bridge(const char *bridge, bool internal, void *data)
{
	(void)data;
	printf("%s%s\n", bridge, internal ? " internal" : "");
	return 0;
}

static bool alive(const struct nft_port *p, void *data)
{
	char text[INET_TEXT];

	inet_format(&p->to, false, text);
	for (char **word = data; *word; word++)
		if (!strcmp(*word, text))
			return true;
	return false;
}

static int collect(struct nl *nl, char **words, struct err *e)
{
	int rc = nft_gc(nl, alive, words, e);

	if (rc >= 0)
		printf("%d\n", rc);
	return rc;
}

static int drop(struct nl *nl)
{
	char text[512];
	int rc = nft_foreign_drop(nl, text, sizeof text);

	if (rc == 1)
		puts(text);
	return rc;
}

static int run(struct nl *nl, int argc, char **argv, struct err *e)
{
	const char *verb = argv[1];

	if (!strcmp(verb, "bridge") && argc == 3)
		return nft_bridge_add(nl, argv[2], false, e);
	if (!strcmp(verb, "internal") && argc == 3)
		return nft_bridge_add(nl, argv[2], true, e);
	if (!strcmp(verb, "unbridge") && argc == 3)
		return nft_bridge_del(nl, argv[2], e);
	if (!strcmp(verb, "bridges"))
		return nft_bridges(nl, show_bridge, NULL, e);
	if (!strcmp(verb, "gc"))
		return collect(nl, argv + 2, e);
	if (!strcmp(verb, "drop"))
		return drop(nl);
	return err_bad(e, verb, "unknown");
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	struct nl nl;
	char line[1024];
	int rc = argc > 1 ? nl_open(&nl, NETLINK_NETFILTER, &e) : err_bad(&e, NULL, "a word is missing");

	if (rc == 0) {
		rc = run(&nl, argc, argv, &e);
		nl_close(&nl);
	}
	if (rc < 0) {
		err_line(&e, line, sizeof line);
		fprintf(stderr, "nft_tool: %s\n", line);
	}
	return rc < 0;
}
