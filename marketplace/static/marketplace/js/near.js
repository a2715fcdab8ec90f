// "Points near me": asks the browser for the place, rounds it to about 100 m, and asks the page for points near it.
const button = document.getElementById('near');
const refused = document.getElementById('near-refused');

if (button && 'geolocation' in navigator) {
  button.hidden = false;
  button.addEventListener('click', () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const query = new URLSearchParams({ lat: coords.latitude.toFixed(3), lon: coords.longitude.toFixed(3) });
        query.set('next', button.dataset.next);
        location.search = query.toString();
      },
      () => {
        button.disabled = false;
        refused.hidden = false;
      },
      { timeout: 10000, maximumAge: 600000 },
    );
  });
}
