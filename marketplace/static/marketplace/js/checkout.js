// Choosing another point re-reckons the page at once; without this the submit button does it.
const form = document.getElementById('checkout');

form?.addEventListener('change', (event) => {
  if (event.target.name !== 'point') return;
  const action = document.createElement('input');
  action.type = 'hidden';
  action.name = 'action';
  action.value = 'point';
  form.append(action);
  form.submit();
});
