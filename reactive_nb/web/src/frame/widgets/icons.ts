/** The icons that buttons and the controls themselves name by Font Awesome's classes, its font in the style. */
import names from "@fortawesome/fontawesome-free/css/fontawesome.min.css?inline";
import earlier from "@fortawesome/fontawesome-free/css/v4-shims.min.css?inline";
import font from "@fortawesome/fontawesome-free/webfonts/fa-solid-900.woff2?inline";

const face = `@font-face{font-family:"Font Awesome 5 Free";font-weight:900;src:url(${font}) format("woff2")}`;

export const icons = `${face}.fa,.fas{font-family:"Font Awesome 5 Free";font-weight:900}${names}${earlier}`;
