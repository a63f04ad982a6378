// Polls only while the page is visible, sends the tags of the parts that it has, and says when nothing answers.
(() => {
  const isPoll = (event) => event.detail.ctx?.sourceElement?.id === 'poll';
  const connection = document.getElementById('connection');
  const clock = () => new Date().toISOString().slice(11, 19);

  document.addEventListener('htmx:config:request', (event) => {
    if (!isPoll(event)) return;
    if (document.hidden) {
      event.preventDefault();
      return;
    }
    const tags = [...document.querySelectorAll('[data-tag]')].map(({ dataset }) => `"${dataset.tag}"`);
    event.detail.ctx.request.headers['If-None-Match'] = tags.join(', ');
  });

  document.addEventListener('htmx:after:request', (event) => {
    if (!isPoll(event)) return;
    const { status } = event.detail.ctx.response;
    if (status === 200 || status === 304) {
      connection.textContent = `as of ${clock()} UTC`;
      connection.className = '';
    } else {
      lost();
    }
  });
  document.addEventListener('htmx:error', (event) => {
    if (isPoll(event)) lost();
  });

  // After the parts are replaced. The tab shows the verdict too.
  document.addEventListener('htmx:finally:request', (event) => {
    const verdict = document.querySelector('.verdict');
    if (!isPoll(event) || verdict === null) return;
    document.title = verdict.dataset.title;
    const icon = document.querySelector('link[rel=icon]');
    const href = verdict.classList.contains('good') ? icon.dataset.good : icon.dataset.bad;
    if (icon.getAttribute('href') !== href) icon.setAttribute('href', href);
  });

  let since = null;
  function lost() {
    if (connection.className !== 'lost') since = clock();
    connection.textContent = `No answer since ${since} UTC`;
    connection.className = 'lost';
  }
})();
