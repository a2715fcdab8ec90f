"""Photos that prove something (凭证照片), of damage or of papers: only those whom the matter concerns see them."""
