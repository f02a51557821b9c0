// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI bus with cards that are nothing but their configuration space, so that a guest without cards has
 * some: the kernel finds them, shows them in sysfs, tells of them and offers them to drivers.
 *
 *   insmod foreign_cards.ko cards=d161:800e:0000:0000,e159:0001:9532:0003
 *
 * They are 0010:00:01.0, 0010:00:02.0 … One driver comes along: "wctdm", which takes every card with the
 * bridge e159:0001, as the real one does.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/pci.h>

#define MOST 16
#define SIZE 256

static char *cards[MOST];
static int count;
module_param_array(cards, charp, &count, 0444);

static u8 spaces[MOST][SIZE];
static struct pci_bus *bus;
static struct pci_sysdata sysdata = { .domain = 0x10, .node = NUMA_NO_NODE };

static u8 *space(unsigned int devfn)
{
	int card = PCI_SLOT(devfn) - 1;

	return PCI_FUNC(devfn) == 0 && card >= 0 && card < count ? spaces[card] : NULL;
}

static int read_space(struct pci_bus *of, unsigned int devfn, int where, int size, u32 *value)
{
	u8 *from = space(devfn);

	*value = ~0U;
	if (!from || where < 0 || where + size > SIZE)
		return from ? PCIBIOS_SUCCESSFUL : PCIBIOS_DEVICE_NOT_FOUND;
	*value = 0;
	memcpy(value, from + where, size);
	return PCIBIOS_SUCCESSFUL;
}

/* Nothing can be written: a card without registers has no addresses. */
static int write_space(struct pci_bus *of, unsigned int devfn, int where, int size, u32 value)
{
	return space(devfn) ? PCIBIOS_SUCCESSFUL : PCIBIOS_DEVICE_NOT_FOUND;
}

static struct pci_ops ops = { .read = read_space, .write = write_space };

static int take(struct pci_dev *card, const struct pci_device_id *id)
{
	return 0;
}

static const struct pci_device_id bridge[] = { { PCI_DEVICE(0xe159, 0x0001) }, {} };
static struct pci_driver wctdm = { .name = "wctdm", .id_table = bridge, .probe = take };

static int __init begin(void)
{
	LIST_HEAD(windows);
	int card, error;

	for (card = 0; card < count; card++) {
		unsigned int vendor, device, subvendor, subdevice;
		u8 *to = spaces[card];

		if (sscanf(cards[card], "%x:%x:%x:%x", &vendor, &device, &subvendor, &subdevice) != 4)
			return -EINVAL;
		*(__le16 *)(to + PCI_VENDOR_ID) = cpu_to_le16(vendor);
		*(__le16 *)(to + PCI_DEVICE_ID) = cpu_to_le16(device);
		*(__le16 *)(to + PCI_CLASS_DEVICE) = cpu_to_le16(PCI_CLASS_COMMUNICATION_OTHER);
		*(__le16 *)(to + PCI_SUBSYSTEM_VENDOR_ID) = cpu_to_le16(subvendor);
		*(__le16 *)(to + PCI_SUBSYSTEM_ID) = cpu_to_le16(subdevice);
	}
	error = pci_register_driver(&wctdm);
	if (error)
		return error;
	bus = pci_scan_root_bus(NULL, 0, &ops, &sysdata, &windows);
	if (!bus) {
		pci_unregister_driver(&wctdm);
		return -ENODEV;
	}
	pci_bus_add_devices(bus);
	return 0;
}

static void __exit end(void)
{
	pci_stop_root_bus(bus);
	pci_remove_root_bus(bus);
	pci_unregister_driver(&wctdm);
}

module_init(begin);
module_exit(end);
MODULE_DESCRIPTION("PCI cards without hardware, for tests of the inventory");
MODULE_LICENSE("GPL");
