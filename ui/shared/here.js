// A place of the page that comes into sight when it is drawn.
export default function ({ parentElement }) {
  const place = parentElement.host ?? parentElement;
  place.style.scrollMarginTop = "4rem"; // below the page's header
  place.scrollIntoView({ block: "start" });
}
