// Copyright (c) 2026, teamchat.zoom contributors
// SPDX-License-Identifier: GPL-3.0-or-later
// The sandbox's page, in small functions: account -> conversations -> DOM, and a morph that keeps what the
// reader does (scrolling, selecting, unfolding) while messages arrive. Text enters the DOM as text nodes only.
"use strict";

/* ---- DOM ---- */

// A child is a node, a text, or nothing (null, undefined, false); lists are flattened.
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "vars") for (const [property, given] of Object.entries(value)) node.style.setProperty(property, given);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return node;
}

const keyOf = (node) => node.dataset?.key;

const isSame = (old, fresh) => old.nodeName === fresh.nodeName && keyOf(old) === keyOf(fresh);

function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType === Node.TEXT_NODE) {
    old.data = fresh.data;
    return;
  }
  // Whether a fold is open belongs to the reader, not to the account.
  const kept = (name) => name === "open" && old.nodeName === "DETAILS";
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !kept(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (!kept(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  morphChildren(old, [...fresh.childNodes]);
}

function morphChildren(parent, wanted) {
  const keyed = new Map([...parent.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let cursor = parent.firstChild;
  for (const fresh of wanted) {
    const candidate = keyed.get(keyOf(fresh)) ?? cursor;
    if (!candidate || !isSame(candidate, fresh)) {
      parent.insertBefore(fresh, cursor);
      continue;
    }
    if (candidate === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(candidate, cursor);
    morph(candidate, fresh);
  }
  while (cursor) {
    const next = cursor.nextSibling;
    cursor.remove();
    cursor = next;
  }
}

/* ---- words and numbers ---- */

const LOCALE = "en-GB";
const dayFormat = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const clockFormat = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const fullFormat = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "long" });
const soonFormat = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });

const counted = (number, noun) => `${number} ${number === 1 ? noun : noun.replace(/y$/, "ie") + "s"}`;

function fileSize(bytes) {
  if (!Number.isFinite(bytes)) return "";
  const units = ["bytes", "kB", "MB", "GB"];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

function initials(name) {
  const words = name.split(/[\s@._-]+/).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toUpperCase() || "?";
}

// Steps of the golden angle keep any number of hues apart.
const hueOf = (position) => Math.round(position * 137.508 + 250) % 360;

const instant = (entry) => (Number.isFinite(entry.timestamp) ? entry.timestamp : Date.parse(entry.date_time ?? entry.time));

function timeElement(moment, format = clockFormat) {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return null;
  return el("time", { datetime: date.toISOString(), title: fullFormat.format(date) }, format.format(date));
}

const colourOf = (given) => (/^#?[0-9a-f]{6}$/i.test(given ?? "") ? `#${String(given).replace("#", "").toUpperCase()}` : null);

// WCAG's relative luminance decides whether dark or light letters stand on a given colour.
function inkOn(colour) {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#FFFFFF";
}

function webAddress(text) {
  try {
    const address = new URL(text);
    return ["http:", "https:"].includes(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}

/* ---- account -> conversations ---- */

// A conversation: {key, kind, title, note, archived, messages, scheduled}; messages are main messages, each with
// its replies: {message, replies}. Keys double as the page's hash.
function conversationsOf(account) {
  const found = new Map();
  const users = new Map((account.users ?? []).map((user, position) => [user.id, { ...user, hue: hueOf(position) }]));
  for (const channel of account.channels ?? []) found.set(`channel/${channel.id}`, channelConversation(channel));
  const place = (message) => {
    const key = conversationKey(message);
    if (!found.has(key)) found.set(key, message.channel ? strayChannel(message) : directConversation(message, users));
    return found.get(key);
  };
  for (const message of account.messages ?? []) place(message).all.push(named(message, users));
  for (const message of account.scheduled ?? []) place(message).scheduled.push(named(message, users));
  if (account.webhook?.length) found.set("webhook", webhookConversation(account.webhook));
  return [...found.values()].map(threaded);
}

function conversationKey(message) {
  if (message.channel) return `channel/${message.channel}`;
  return `direct/${[message.sender_id, message.contact].sort().join("/")}`;
}

const conversation = (key, kind, title, note, more = {}) => ({
  key, kind, title, note, archived: false, all: [], scheduled: [], ...more,
});

function channelConversation(channel) {
  const note = channel.members ? counted(channel.members.length, "member") : "";
  return conversation(`channel/${channel.id}`, "channel", channel.name, note, { archived: Boolean(channel.archived) });
}

const strayChannel = (message) => conversation(conversationKey(message), "channel", message.channel, "");

function directConversation(message, users) {
  const name = (id) => users.get(id)?.display_name || users.get(id)?.email || id;
  return conversation(conversationKey(message), "direct", name(message.contact), `with ${name(message.sender_id)}`);
}

// A post has no id of its own, and none is ever taken back: its place among the posts names it.
const webhookConversation = (posts) =>
  conversation("webhook", "webhook", "Incoming webhook", counted(posts.length, "post"), {
    all: posts.map((post, index) => ({ ...post, webhook: post.id, id: `post ${index}`, sender_display_name: "Incoming webhook" })),
  });

function named(message, users) {
  const user = users.get(message.sender_id);
  const sender_display_name = message.sender_display_name || user?.display_name || message.sender || message.sender_id;
  return { ...message, id: message.id ?? message.draft_id, sender_display_name, hue: user?.hue };
}

const bareId = (id) => (id ?? "").replace(/[{}]/g, "").toUpperCase();

function threaded({ all, ...rest }) {
  const messages = [];
  const threads = new Map();
  for (const message of [...all].sort((one, other) => instant(one) - instant(other))) {
    const thread = threads.get(bareId(message.reply_main_message_id));
    if (thread) {
      thread.replies.push(message);
    } else {
      const main = { message, replies: [] };
      messages.push(main);
      threads.set(bareId(message.id), main);
    }
  }
  return { ...rest, messages, count: all.length };
}

// A message goes on where the one before stopped: same sender, same day, within five minutes, no thread between.
function continues(before, entry) {
  if (!before || before.replies.length || entry.message.webhook) return false;
  const gap = instant(entry.message) - instant(before.message);
  return before.message.sender_id === entry.message.sender_id && gap < 300_000 && dayOf(before) === dayOf(entry);
}

const dayOf = (entry) => new Date(instant(entry.message)).toDateString();

/* ---- formatted text ---- */

const BLOCKS = ["BulletedList", "NumberedList", "LeftIndent", "Paragraph", "Quote"];

const coloured = (name) => (range) => {
  const colour = colourOf(range.format_attr);
  return el("span", { class: name, vars: colour ? { "--given": colour, "--on-given": inkOn(colour) } : {} });
};

function linkElement(range) {
  const href = webAddress(range.format_attr);
  return href ? el("a", { href, rel: "noopener noreferrer", target: "_blank" }) : el("span", {});
}

const mentionElement = (range) =>
  el("mark", { class: range.at_type === 2 ? "mention all" : "mention", title: range.at_contact ?? "everyone" });

// From the outermost element to the innermost: links and mentions stay in one piece.
const INLINE = {
  AddLink: linkElement,
  Mention: mentionElement,
  Bold: () => el("strong"),
  Italic: () => el("em"),
  Strikethrough: () => el("s"),
  Underline: () => el("u"),
  FontSize: (range) => el("span", { class: `size-${["s", "m", "l"].includes(range.format_attr) ? range.format_attr : "m"}` }),
  BackgroundColor: coloured("paper"),
  FontColor: coloured("ink"),
};

// Positions are UTF-16 units with an inclusive end, which is how JavaScript counts its strings.
function rangesOf(message, text) {
  const mentions = (message.at_items ?? []).map((item) => ({ ...item, format_type: "Mention" }));
  return [...(message.rich_text ?? []), ...mentions, ...bareLinks(text)]
    .filter(({ start_position: start, end_position: end }) => Number.isInteger(start) && Number.isInteger(end))
    .filter(({ start_position: start, end_position: end }) => start >= 0 && start <= end && end < text.length)
    .sort((one, other) => one.start_position - other.start_position);
}

// Addresses without markup are links in Zoom's client too; a full stop after one, or brackets around it, are not.
const ADDRESS = /https?:\/\/(?:[^\s<>"'()]|\([^\s<>"'()]*\))*(?:[^\s<>"'().,;:!?\]}]|\([^\s<>"'()]*\))/g;

const bareLinks = (text) =>
  [...text.matchAll(ADDRESS)].map((found) => ({
    format_type: "AddLink",
    format_attr: found[0],
    start_position: found.index,
    end_position: found.index + found[0].length - 1,
  }));

function inline(text, from, to, layers) {
  if (!layers.length) return from < to ? [text.slice(from, to)] : [];
  const [{ wrap, ranges }, ...inner] = layers;
  const nodes = [];
  let at = from;
  for (const range of ranges) {
    const start = Math.max(range.start_position, at);
    const end = Math.min(range.end_position + 1, to);
    if (start >= end) continue;
    nodes.push(...inline(text, at, start, inner));
    const wrapped = wrap(range);
    wrapped.append(...inline(text, start, end, inner));
    nodes.push(wrapped);
    at = end;
  }
  return [...nodes, ...inline(text, at, to, inner)];
}

// Lists, headings, quotes and indents hold for whole lines, wherever in the line they start.
function linesOf(text, ranges) {
  let start = 0;
  return text.split("\n").map((content) => {
    const line = { start, end: start + content.length };
    start = line.end + 1;
    const touching = (range) => range.start_position <= Math.max(line.start, line.end - 1) && range.end_position >= line.start;
    const blocks = ranges.filter((range) => BLOCKS.includes(range.format_type) && touching(range));
    const last = (...types) => blocks.findLast((range) => types.includes(range.format_type));
    return {
      ...line,
      quote: Boolean(last("Quote")),
      list: last("BulletedList", "NumberedList")?.format_type ?? null,
      heading: { h1: 1, h2: 2, h3: 3 }[last("Paragraph")?.format_attr] ?? 0,
      indent: Math.min(200, Math.max(0, parseInt(last("LeftIndent")?.format_attr, 10) || 0)),
    };
  });
}

function runs(items, by) {
  const groups = [];
  for (const item of items) {
    if (groups.length && by(groups.at(-1)[0]) === by(item)) groups.at(-1).push(item);
    else groups.push([item]);
  }
  return groups;
}

function formatted(message, text = message.message ?? "") {
  const ranges = rangesOf(message, text);
  const layers = Object.entries(INLINE).map(([type, wrap]) => ({ wrap, ranges: ranges.filter((range) => range.format_type === type) }));
  const words = (from, to) => inline(text, from, to, layers);
  const indented = (line) => (line.indent ? { vars: { "--indent": `${line.indent}px` } } : {});

  const listBlock = (lines) =>
    el(lines[0].list === "NumberedList" ? "ol" : "ul", {}, lines.map((line) => el("li", indented(line), words(line.start, line.end))));
  const headingBlock = (line) => el(`h${line.heading + 2}`, { class: `heading-${line.heading}`, ...indented(line) }, words(line.start, line.end));
  const plainBlock = (lines) => el("p", indented(lines[0]), words(lines[0].start, lines.at(-1).end));
  const blocks = (lines) =>
    runs(lines, (line) => `${line.list} ${line.list ? "" : [line.heading, line.indent]}`).map((run) => {
      if (run[0].list) return listBlock(run);
      return run[0].heading ? run.map(headingBlock) : plainBlock(run);
    });
  const quoted = runs(linesOf(text, ranges), (line) => line.quote);
  return el("div", { class: "text" }, quoted.map((run) => (run[0].quote ? el("blockquote", {}, blocks(run)) : blocks(run))));
}

/* ---- cards ---- */

const styledText = (tag, name, { text, style = {} }) => {
  const colour = colourOf(style.color);
  const classes = [name, style.bold && "bold", style.italic && "italic", colour && "ink"].filter(Boolean).join(" ");
  return el(tag, { class: classes, vars: colour ? { "--given": colour } : {} }, String(text ?? ""));
};

const fieldList = (items) =>
  el("dl", { class: "fields" }, items.map(({ key, value, short }) =>
    el("div", { class: short ? "short" : null }, el("dt", {}, String(key ?? "")), el("dd", {}, String(value ?? "")))));

const linked = (address, content) => {
  const href = webAddress(address);
  return href ? el("a", { href, rel: "noopener noreferrer", target: "_blank" }, content) : content;
};

// One function for each kind of part; a kind that is not here is named, never left out in silence.
const CARD_PARTS = {
  message: (part) => el("p", { class: "card-text" }, linked(part.link, styledText("span", "", part))),
  fields: (part) => fieldList(part.items ?? []),
  section: (part) =>
    el("div", { class: "section", vars: barOf(part.sidebar_color) }, cardParts(part.sections),
      (part.footer || part.ts) && el("p", { class: "footer" }, part.footer, part.footer && part.ts ? " · " : null, part.ts && timeElement(Number(part.ts), soonFormat))),
  attachments: (part) =>
    el("p", { class: "attachment" }, linked(part.resource_url, part.information?.title?.text ?? part.resource_url ?? "attachment"),
      part.information?.description?.text && el("span", { class: "muted" }, part.information.description.text)),
  actions: (part) =>
    el("p", { class: "actions" }, (part.items ?? []).map((item) => el("span", { class: `action ${String(item.style ?? "").toLowerCase()}` }, item.text))),
  alert: (part) => el("p", { class: "alert" }, String(part.text ?? "")),
  divider: () => el("hr"),
};

const barOf = (colour) => (colourOf(colour) ? { "--bar": colourOf(colour) } : {});

const cardParts = (parts) =>
  (Array.isArray(parts) ? parts : []).map((part) =>
    CARD_PARTS[part?.type]?.(part) ?? el("p", { class: "muted" }, `(${part?.type ?? "a part of no type"})`));

function card(content) {
  const head = content.head;
  return el("section", { class: "card", "aria-label": head?.text ?? "Card", vars: barOf(content.settings?.default_sidebar_color) },
    head && el("header", {}, styledText("p", "head", head), head.sub_head && styledText("p", "sub-head", head.sub_head)),
    cardParts(content.body));
}

function parsed(value) {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const plainText = (text) => el("div", { class: "text" }, el("p", {}, text));

function webhookBody(post) {
  if (post.format === "message") return plainText(typeof post.body === "string" ? post.body : JSON.stringify(post.body));
  const body = parsed(post.body);
  if (!body || typeof body !== "object") return plainText(String(body ?? ""));
  if (post.format === "full") return card(body.content ?? body);
  const items = Array.isArray(body) ? body : Object.entries(body).map(([key, value]) => ({ key, value: typeof value === "object" ? JSON.stringify(value) : value }));
  return el("section", { class: "card", "aria-label": "Fields" }, fieldList(items));
}

function interactiveCard(given) {
  const content = parsed(given.card_json ?? given);
  return content && typeof content === "object" ? card(content.content ?? content) : plainText(String(content));
}

/* ---- conversations -> DOM ---- */

const avatar = (name, hue = hueOf(-1)) => el("span", { class: "avatar", "aria-hidden": "true", vars: { "--hue": hue } }, initials(name));

function earlierTexts(label, texts) {
  if (!texts.length) return el("span", { class: "badge" }, label);
  return el("details", { class: "earlier" },
    el("summary", { class: "badge", title: `Before: ${texts.at(-1)}` }, label),
    el("ol", { "aria-label": "Earlier texts" }, texts.map((text) => el("li", {}, el("del", {}, text)))));
}

function badges(message) {
  const history = message.history ?? [];
  if (message.status === "Deleted") return earlierTexts("deleted", [...history, message.message].filter(Boolean));
  if (message.status === "Edited" || history.length) return earlierTexts("edited", history);
  if (message.scheduled_time) return el("span", { class: "badge" }, "scheduled for ", timeElement(Date.parse(message.scheduled_time), soonFormat));
  return null;
}

const fileChip = (file) =>
  el("li", { class: "file", title: file.sha256 ? `SHA-256 ${file.sha256}` : null },
    el("span", { class: "file-name" }, file.name ?? file.id), el("span", { class: "file-size" }, fileSize(file.size)));

function content(message) {
  if (message.webhook) return webhookBody(message);
  if (message.status === "Deleted") return el("div", { class: "text" }, el("p", { class: "deleted" }, el("del", {}, "Message deleted")));
  const files = message.files ?? [];
  return [
    message.message ? formatted(message) : null,
    files.length ? el("ul", { class: "files", "aria-label": "Files" }, files.map(fileChip)) : null,
    (message.interactive_cards ?? []).map(interactiveCard),
  ];
}

function messageElement(message, { follows = false, astray = false } = {}) {
  const name = message.sender_display_name ?? "";
  return el("article", { class: follows ? "message follows" : "message", "aria-label": `Message from ${name}`, "data-id": message.id },
    follows ? el("span", { class: "gutter" }, timeElement(instant(message))) : avatar(name, message.hue),
    el("div", { class: "body" },
      el("div", { class: "by" },
        follows ? null : [el("span", { class: "name" }, name), timeElement(instant(message))],
        message.webhook ? el("span", { class: "badge", title: message.webhook }, message.format) : null,
        badges(message),
        astray ? el("span", { class: "badge" }, "reply to a message that is not here") : null),
      content(message)));
}

const threadElement = (replies) =>
  el("details", { class: "thread", open: true },
    el("summary", {}, counted(replies.length, "reply")),
    el("ol", { "aria-label": "Replies" }, replies.map((reply) => el("li", { "data-key": reply.id }, messageElement(reply)))));

function entryElement(entry, before) {
  const { message, replies } = entry;
  return el("li", { "data-key": message.id },
    messageElement(message, { follows: continues(before, entry), astray: Boolean(message.reply_main_message_id) }),
    replies.length ? threadElement(replies) : null);
}

const divider = (key, ...words) => el("li", { class: "divider", "data-key": key }, el("span", {}, words));

function entryList(messages) {
  return messages.map((entry, index) => {
    const before = messages[index - 1];
    const newDay = !before || dayOf(before) !== dayOf(entry);
    return [newDay ? divider(`day ${dayOf(entry)}`, dayFormat.format(new Date(instant(entry.message)))) : null, entryElement(entry, before)];
  });
}

const ICONS = { channel: "#", direct: "@", webhook: "⚓" };

function conversationElement(shown) {
  const isEmpty = !shown.count && !shown.scheduled.length;
  const scheduled = shown.scheduled.map((message) => el("li", { class: "scheduled", "data-key": `draft ${message.id}` }, messageElement(message)));
  return el("section", { class: "conversation", "data-key": shown.key, "aria-labelledby": "title" },
    el("header", { class: "title" },
      el("a", { class: "back", href: "#", "aria-label": "Back to all conversations" }, "‹"),
      el("h2", { id: "title" }, el("span", { class: "icon", "aria-hidden": "true" }, ICONS[shown.kind]), shown.title),
      el("p", { class: "muted" }, [shown.note, shown.archived && "archived"].filter(Boolean).join(" · "))),
    el("div", { class: "log", role: "log", tabindex: "0", "aria-labelledby": "title" },
      isEmpty ? el("p", { class: "empty" }, "No messages here yet.") : null,
      el("ol", { class: "entries" }, entryList(shown.messages), scheduled.length ? [divider("scheduled", "Scheduled"), scheduled] : null)));
}

// What tells a conversation from others of its name: the two people, or the id of one of several such channels.
function distinction(item, all) {
  if (item.kind === "direct") return el("small", {}, item.note);
  const isTwin = all.some((other) => other !== item && other.kind === item.kind && other.title === item.title);
  return isTwin ? el("small", {}, item.key.split("/").at(-1)) : null;
}

function conversationLink(item, chosen, all) {
  return el("li", { "data-key": item.key },
    el("a", { href: `#${item.key}`, "aria-current": item === chosen ? "page" : null },
      el("span", { class: "icon", "aria-hidden": "true" }, ICONS[item.kind]),
      el("span", { class: "label" }, item.title, distinction(item, all)),
      item.archived ? el("span", { class: "badge" }, "archived") : null,
      item.count ? el("span", { class: "count" }, item.count, el("span", { class: "unseen" }, item.count === 1 ? " message" : " messages")) : null));
}

function conversationLists(all, chosen) {
  const busy = (item) => item.count || item.scheduled.length;
  const list = (items) => el("ul", {}, items.map((item) => conversationLink(item, chosen, all)));
  const group = (title, items) => (items.length ? el("section", { "data-key": title }, el("h2", {}, title), list(items)) : null);
  const kind = (name) => all.filter((item) => item.kind === name && busy(item)).sort((one, other) => one.title.localeCompare(other.title, LOCALE));
  const quiet = all.filter((item) => !busy(item));
  return [
    group("Channels", kind("channel")),
    group("Direct messages", kind("direct")),
    group("Webhooks", kind("webhook")),
    quiet.length ? el("details", { class: "quiet", "data-key": "quiet" }, el("summary", {}, `${counted(quiet.length, "channel")} without messages`), list(quiet)) : null,
  ].filter(Boolean);
}

const SHOWN_REQUESTS = 200;

function requestRow(request) {
  const failed = request.status >= 400 || request.fault;
  return el("tr", { class: failed ? "failed" : null, "data-key": request.n },
    el("td", { class: "number" }, request.n),
    el("td", {}, timeElement(instant(request))),
    el("td", {}, request.method),
    el("td", { class: "path", title: request.operation }, request.path),
    el("td", { class: "number" }, request.status, request.code ? el("small", {}, ` code ${request.code}`) : null),
    el("td", {}, request.fault));
}

function requestsElement(account) {
  const all = account.requests ?? [];
  const faults = all.filter((request) => request.fault).length;
  const facts = [all.length, faults && counted(faults, "fault"), account.rejected && `${account.rejected} rejected by rate limits`];
  const head = ["No.", "Time", "Method", "Path", "Status", "Fault"].map((name) => el("th", { scope: "col" }, name));
  return el("details", { "data-key": "requests" },
    el("summary", {}, el("span", {}, "Requests"), el("span", { class: "muted" }, facts.filter((fact) => fact || fact === 0).join(" · "))),
    el("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Requests, newest first" },
      el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, all.slice(-SHOWN_REQUESTS).reverse().map(requestRow)))));
}

/* ---- the page ---- */

const at = (id) => document.getElementById(id);
const state = { account: null, first: null, scrolled: new Map() };

const wantedKey = () => {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
};

// Without a hash the first busy conversation stays chosen, however many others start to speak.
function chosenOf(all) {
  const byKey = (key) => all.find((item) => item.key === key);
  state.first = byKey(state.first)?.key ?? (all.find((item) => item.count) ?? all[0])?.key ?? null;
  return byKey(wantedKey()) ?? byKey(state.first) ?? null;
}

const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 24;

function rememberScroll() {
  const log = document.querySelector(".log");
  if (log?.clientHeight) state.scrolled.set(keyOf(log.parentElement), isAtEnd(log) ? Infinity : log.scrollTop);
}

// Where the reader has scrolled up in a conversation that stays, the browser itself keeps the place.
function restoreScroll(key, before) {
  const log = document.querySelector(".log");
  const top = state.scrolled.get(key) ?? Infinity;
  if (log && (log !== before || top === Infinity)) log.scrollTop = Math.min(top, log.scrollHeight);
}

function show() {
  if (!state.account) return;
  rememberScroll();
  const before = document.querySelector(".log");
  const wasSeen = before?.clientHeight > 0;
  const all = conversationsOf(state.account);
  const chosen = chosenOf(all);
  document.body.dataset.view = wantedKey() ? "conversation" : "list";
  document.title = chosen ? `${chosen.title} · Zoom Team Chat sandbox` : "Zoom Team Chat sandbox";
  morphChildren(at("conversations"), conversationLists(all, chosen));
  morphChildren(at("conversation"), [chosen ? conversationElement(chosen) : el("p", { class: "empty" }, "Nothing has arrived yet.")]);
  morphChildren(at("requests"), [requestsElement(state.account)]);
  if (chosen) restoreScroll(chosen.key, wasSeen ? before : null);
}

function say(text, kind, detail = "") {
  at("status").textContent = text;
  at("status").title = detail;
  at("status").className = `status ${kind}`;
}

// One fetch at a time: changes that come meanwhile are told by the next one.
function follow() {
  let running = false;
  let again = false;
  const refresh = async () => {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      try {
        const answer = await fetch("/_sandbox/account", { cache: "no-store" });
        if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
        state.account = await answer.json();
        show();
        say("live", "live");
      } catch (error) {
        say("not connected", "lost", String(error));
      }
    }
    running = false;
  };
  const events = new EventSource("/_sandbox/events");
  events.addEventListener("open", refresh);
  events.addEventListener("change", refresh);
  events.addEventListener("error", () => say("not connected", "lost"));
  refresh();
}

function start() {
  window.addEventListener("hashchange", () => {
    show();
    if (wantedKey()) at("conversation").focus({ preventScroll: true });
  });
  state.account = JSON.parse(at("account").textContent);
  if (state.account) {
    say("export", "export");
    show();
  } else {
    say("connecting", "");
    follow();
  }
}

start();
