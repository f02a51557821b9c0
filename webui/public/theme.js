// Before the first paint, so that nobody is dazzled: the theme that was chosen on this machine,
// else that of the system. src/shell/theme.ts takes over from here.
let theme = null;
try {
  theme = localStorage.getItem("theme");
} catch {
  // Storage is forbidden: the system's theme it is.
}
if (theme !== "light" && theme !== "dark") {
  theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
document.documentElement.dataset.theme = theme;
