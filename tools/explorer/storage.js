// What the explorer remembers in the browser: tabs, history, layout and theme, never headers.

const WITH_HEADERS = new Set(["graphiql:queries", "graphiql:favorites"]);

// GraphiQL keeps headers out of the tabs when `shouldPersistHeaders` is false, yet its history
// stores each operation together with the headers it was sent with, and those may be credentials.
function withoutHeaders(text) {
  return JSON.stringify(JSON.parse(text), (key, value) => (key === "headers" ? undefined : value));
}

export function createStorage() {
  let browserStorage;
  try {
    browserStorage = window.localStorage;
  } catch {
    return null; // A browser that blocks site data throws; GraphiQL then remembers nothing.
  }
  const names = () => Object.keys(browserStorage).filter((name) => name.startsWith("graphiql:"));
  return {
    getItem: (name) => browserStorage.getItem(name),
    setItem: (name, text) =>
      browserStorage.setItem(name, WITH_HEADERS.has(name) ? withoutHeaders(text) : text),
    removeItem: (name) => browserStorage.removeItem(name),
    clear: () => names().forEach((name) => browserStorage.removeItem(name)),
    get length() {
      return names().length;
    },
  };
}
