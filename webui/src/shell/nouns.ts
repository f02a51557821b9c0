import type { NounName } from "../api/config";
import { device } from "../device/device";
import { extension } from "../extension/extension";
import { inboundRoute } from "../inbound-route/inbound-route";
import { line } from "../line/line";
import type { Noun } from "../noun/noun";
import { outboundRoute } from "../outbound-route/outbound-route";
import { ringGroup } from "../ring-group/ring-group";
import { service } from "../service/service";
import { span } from "../span/span";
import { trunk } from "../trunk/trunk";

/** Every noun that has a list and a form. Each is whole in itself; here they only stand in one list. */
export const nouns = [extension, device, ringGroup, service, line, span, trunk, inboundRoute, outboundRoute] as unknown as Noun<NounName>[];
