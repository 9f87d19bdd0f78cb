// Dark or light: as the system has it, until a person chooses. A plain script, to run before the first paint.
{
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => localStorage.getItem("theme");
  const isDark = () => (chosen() ? chosen() === "dark" : system.matches);
  const show = () => {
    if (chosen()) root.dataset.theme = chosen();
    document.getElementById("theme")?.setAttribute("aria-pressed", String(isDark()));
  };
  show();
  system.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", () => {
    show();
    document.getElementById("theme").addEventListener("click", () => {
      localStorage.setItem("theme", isDark() ? "light" : "dark");
      show();
    });
  });
}
