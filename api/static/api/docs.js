// Shows the API's own schema; requests that are tried out carry the session's CSRF token.
const place = document.getElementById("docs");
const token = () => (document.cookie.match(/(?:^|; )csrftoken=([^;]+)/) || [])[1];
SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  displayRequestDuration: true,
  showExtensions: true,
  requestInterceptor: (request) => {
    if (token()) request.headers["X-CSRFToken"] = token();
    return request;
  },
});
