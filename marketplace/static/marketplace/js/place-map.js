// Lets a place be pointed at on a small map: the fields longitude and latitude beside it follow, and the spot follows them.
//
// <figure data-place-map data-west="108.75" data-north="30.17" data-across="0.0092" data-down="0.0082"><svg>…
// Longitude and latitude of the drawing's corner (0, 0), and degrees for each of its units.

for (const figure of document.querySelectorAll("[data-place-map]")) {
  const { west, north, across, down } = figure.dataset;
  const svg = figure.querySelector("svg");
  const spot = svg.querySelector(".spot");
  const longitude = document.querySelector("[name=longitude]");
  const latitude = document.querySelector("[name=latitude]");

  figure.querySelector("figcaption").hidden = false;
  figure.classList.add("can-point");

  const show = (x, y) => {
    spot.setAttribute("cx", x);
    spot.setAttribute("cy", y);
    spot.setAttribute("visibility", "visible");
  };

  svg.addEventListener("click", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    longitude.value = (Number(west) + at.x * across).toFixed(6);
    latitude.value = (Number(north) - at.y * down).toFixed(6);
    show(at.x, at.y);
  });

  for (const field of [longitude, latitude]) {
    field.addEventListener("change", () => {
      const x = (Number(longitude.value) - west) / across;
      const y = (north - Number(latitude.value)) / down;
      if (longitude.value && latitude.value && Number.isFinite(x + y)) show(x, y);
    });
  }
}
