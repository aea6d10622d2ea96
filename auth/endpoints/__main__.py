"""Print which endpoint walks which steps, as a Markdown table for the docs."""

from auth.endpoints import ENDPOINTS


def matrix() -> str:
    """Steps down, endpoints across; a number says when the endpoint takes the step."""
    names = list(dict.fromkeys(step.__name__ for endpoint in ENDPOINTS for step in endpoint.steps))
    titles = [f"{'/'.join(endpoint.methods)} {endpoint.path}" for endpoint in ENDPOINTS]
    lines = [f"| step | {' | '.join(titles)} |", f"|---{'|---' * len(titles)}|"]
    lines.append(f"| *follows* | {' | '.join(', '.join(endpoint.follows) for endpoint in ENDPOINTS)} |")
    for name in names:
        turns = []
        for endpoint in ENDPOINTS:
            own = [step.__name__ for step in endpoint.steps]
            turns.append(str(own.index(name) + 1) if name in own else "")
        lines.append(f"| {name} | {' | '.join(turns)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(matrix())
