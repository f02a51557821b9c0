/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An echo canceller that costs nothing and does nothing, in the place of a card's own: for the
 * laboratory alone, where 240 cancellers of software would take more than the guest's processor.
 */
#include <dahdi/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>

static void release(struct dahdi_chan *chan, struct dahdi_echocan_state *state)
{
	kfree(state);
}

static void process(struct dahdi_echocan_state *state, short *from_line, const short *to_line, u32 count)
{
}

/* It hears the tones of modems itself, as a card does: the core need not listen for them. */
static const struct dahdi_echocan_features features = {
	.CED_tx_detect = 1,
	.CED_rx_detect = 1,
};

static const struct dahdi_echocan_ops ops = {
	.echocan_free = release,
	.echocan_process = process,
};

static int create(struct dahdi_chan *chan, struct dahdi_echocanparams *wanted,
		  struct dahdi_echocanparam *parameters, struct dahdi_echocan_state **made)
{
	struct dahdi_echocan_state *state = kzalloc(sizeof(*state), GFP_KERNEL);

	if (!state)
		return -ENOMEM;
	state->ops = &ops;
	state->features = features;
	*made = state;
	return 0;
}

static const char *name(const struct dahdi_chan *chan)
{
	return "NONE";
}

static const struct dahdi_echocan_factory factory = {
	.get_name = name,
	.owner = THIS_MODULE,
	.echocan_create = create,
};

static int __init begin(void)
{
	return dahdi_register_echocan_factory(&factory);
}

static void __exit end(void)
{
	dahdi_unregister_echocan_factory(&factory);
}

module_init(begin);
module_exit(end);
MODULE_DESCRIPTION("An echo canceller that does nothing");
MODULE_LICENSE("GPL");
