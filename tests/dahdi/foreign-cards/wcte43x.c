// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stands in for the driver of the same name as far as firmware goes: it takes a TE435 when the kernel finds
 * the card's firmware, and refuses it when not.
 */
#include <linux/firmware.h>
#include <linux/module.h>
#include <linux/pci.h>

static int take(struct pci_dev *card, const struct pci_device_id *id)
{
	const struct firmware *firmware;
	int error = request_firmware(&firmware, "dahdi-fw-te435.bin", &card->dev);

	if (error)
		return error;
	release_firmware(firmware);
	return 0;
}

static const struct pci_device_id te435[] = { { PCI_DEVICE(0xd161, 0x800e) }, {} };
static struct pci_driver wcte43x = { .name = "wcte43x", .id_table = te435, .probe = take };
module_pci_driver(wcte43x);
MODULE_DESCRIPTION("Takes a TE435 that has its firmware, for tests of the inventory");
MODULE_LICENSE("GPL");
