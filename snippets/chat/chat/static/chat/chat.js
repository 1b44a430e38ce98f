// The chat page: one subscription for what is said, one mutation to speak.

import { Socket, request } from "./graphql.js";

const MESSAGE_ADDED = `
  subscription MessageAdded($room: String!) {
    messageAdded(room: $room, last: 50) { id author text sentAt }
  }
`;
const SEND_MESSAGE = `
  mutation SendMessage($room: String!, $text: String!) {
    sendMessage(room: $room, text: $text) { id }
  }
`;
const STATUS = {
  connecting: "Connecting…",
  live: "Live",
  waiting: "The connection is lost. Trying again…",
  refused: "The server has ended the connection. Reload the page to log in again.",
};

const { room, user } = document.body.dataset;
const status = document.querySelector("#status");
const messages = document.querySelector("#messages");
const form = document.querySelector("#send");
const shown = new Set();

function show({ id, author, text, sentAt }) {
  if (shown.has(id)) return;
  shown.add(id);
  const item = document.createElement("li");
  item.classList.toggle("mine", author === user);
  const name = Object.assign(document.createElement("b"), { textContent: author });
  const time = Object.assign(document.createElement("time"), { dateTime: sentAt });
  time.textContent = new Date(sentAt).toLocaleTimeString([], { timeStyle: "short" });
  const line = Object.assign(document.createElement("p"), { textContent: text });
  item.append(name, " ", time, line);
  messages.append(item);
  item.scrollIntoView({ block: "nearest" });
}

function report(state, text) {
  status.dataset.state = state;
  status.textContent = text;
}

const address = new URL("/graphql", location.href);
address.protocol = address.protocol.replace("http", "ws");
const socket = new Socket(address.href, (state) => report(state, STATUS[state]));
socket.subscribe(MESSAGE_ADDED, { room }, {
  next: (data) => show(data.messageAdded),
  error: (errors) => report("refused", errors[0].message),
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = form.elements.text;
  try {
    await request("/graphql", SEND_MESSAGE, { room, text: field.value });
    field.value = "";
  } catch (error) {
    report("failed", `Not sent. ${error.message}`);
  }
  field.focus();
});
