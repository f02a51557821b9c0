import type { Schemas } from "../api/client";
import { t, word } from "../i18n";
import { Button } from "../kit/Button";
import { FieldGroup, NumberField, SelectField, TextField, ToggleField } from "../kit/Field";
import { machine } from "./machine";
import type { ApplianceFields } from "./NetworkPage";

type Interface = Schemas["Interface"];
type Setting = Interface["ipv4"] | Interface["ipv6"];

const roles = ["lan", "wan", "management"] as const;
const fresh = (device: string): Interface => ({ device, vlan: null, role: "lan", ipv4: { type: "dhcp" }, ipv6: { type: "auto" } });

/** The interfaces of the unit, each with its address; none: all of them ask for one. */
export function InterfacesField({ f }: { f: ApplianceFields }) {
  const { interfaces } = f.value;
  const set = (next: Interface[]) => f.set("/interfaces", next);
  const devices = [...new Set([...(machine.value?.interfaces.map((port) => port.name.split(".")[0]!) ?? []), ...interfaces.map((port) => port.device)])];
  const free = devices.find((device) => !interfaces.some((port) => port.device === device)) ?? devices[0] ?? "eth0";
  return (
    <FieldGroup label={t("appliance/interfaces")} error={f.form.faults.value.find((fault) => fault.at === "/interfaces")?.message}>
      {interfaces.length === 0 && <p class="items-none">{t("appliance/interfaces-")}</p>}
      {interfaces.map((port, index) => (
        <One
          key={index}
          port={port}
          devices={devices}
          fault={(at) => f.form.faults.value.find((fault) => fault.at === `/interfaces/${index}${at}`)?.message}
          onChange={(next) => set(interfaces.map((other, at) => (at === index ? next : other)))}
          onRemove={() => set(interfaces.filter((_, at) => at !== index))}
        />
      ))}
      <div>
        <Button icon="plus" onClick={() => set([...interfaces, fresh(free)])}>
          {t("appliance/interfaces+")}
        </Button>
      </div>
    </FieldGroup>
  );
}

interface OneProps {
  port: Interface;
  devices: string[];
  fault: (at: string) => string | undefined;
  onChange: (port: Interface) => void;
  onRemove: () => void;
}

function One({ port, devices, fault, onChange, onRemove }: OneProps) {
  const name = port.vlan ? `${port.device}.${port.vlan.id}` : port.device;
  return (
    <div class="interface" role="group" aria-label={name}>
      <header>
        <b class="mono">{name}</b>
        <Button icon="trash" look="quiet" bare onClick={onRemove}>
          {t("removeNamed", { name })}
        </Button>
      </header>
      <div class="two">
        <SelectField label={t("interface.device")} error={fault("/device")} value={port.device} options={devices.map((value) => ({ value, label: value }))} onChange={(device) => onChange({ ...port, device })} />
        <SelectField label={t("interface.role")} value={port.role} options={roles.map((value) => ({ value, label: word("role", value) }))} onChange={(role) => onChange({ ...port, role: role as Interface["role"] })} />
      </div>
      <ToggleField label={t("interface.vlan")} value={port.vlan != null} onChange={(on) => onChange({ ...port, vlan: on ? { id: 20, priority: 5 } : null })} />
      {port.vlan && (
        <div class="two">
          <NumberField label={t("interface.vlanId")} error={fault("/vlan/id")} min={1} max={4094} value={port.vlan.id} onInput={(id) => onChange({ ...port, vlan: { ...port.vlan!, id } })} />
          <NumberField label={t("interface.priority")} error={fault("/vlan/priority")} min={0} max={7} value={port.vlan.priority ?? 5} onInput={(priority) => onChange({ ...port, vlan: { ...port.vlan!, priority } })} />
        </div>
      )}
      <Address label="IPv4" kinds={["dhcp", "static", "off"]} value={port.ipv4 ?? { type: "dhcp" }} example="192.0.2.10" prefix={24} fault={(at) => fault(`/ipv4${at}`)} onChange={(ipv4) => onChange({ ...port, ipv4: ipv4 as Interface["ipv4"] })} />
      <Address label="IPv6" kinds={["auto", "static", "off"]} value={port.ipv6 ?? { type: "auto" }} example="2001:db8::10" prefix={64} fault={(at) => fault(`/ipv6${at}`)} onChange={(ipv6) => onChange({ ...port, ipv6: ipv6 as Interface["ipv6"] })} />
    </div>
  );
}

interface AddressProps {
  label: string;
  kinds: readonly string[];
  value: NonNullable<Setting>;
  example: string;
  prefix: number;
  fault: (at: string) => string | undefined;
  onChange: (value: object) => void;
}

function Address({ label, kinds, value, example, prefix, fault, onChange }: AddressProps) {
  return (
    <>
      <SelectField
        label={label}
        value={value.type}
        options={kinds.map((kind) => ({ value: kind, label: word("address", kind) }))}
        onChange={(type) => onChange(type === "static" ? { type, address: "", prefix, gateway: null } : { type })}
      />
      {value.type === "static" && (
        <div class="two">
          <TextField label={t("interface.address", { label })} mono placeholder={example} error={fault("/address")} value={value.address} onInput={(address) => onChange({ ...value, address })} />
          <NumberField label={t("interface.prefix", { label })} error={fault("/prefix")} min={1} max={128} value={value.prefix} onInput={(prefix) => onChange({ ...value, prefix })} />
          <TextField label={t("interface.gateway", { label })} mono placeholder={t("none")} error={fault("/gateway")} value={value.gateway ?? ""} onInput={(gateway) => onChange({ ...value, gateway: gateway === "" ? null : gateway })} />
        </div>
      )}
    </>
  );
}
