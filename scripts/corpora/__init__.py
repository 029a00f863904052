"""From records to spaCy's corpora: tokenizer, Docs, duplicates, splits, DocBins."""
