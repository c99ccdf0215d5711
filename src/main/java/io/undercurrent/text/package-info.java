/**
 * Turns text into token ids and back. This is the first step of the flow; the topology, {@code
 * enrich}, evaluation and training use the same code.
 *
 * <p>{@code Normalizer} reads a text before a word tokenizer does: it undoes escapes, entities and
 * misread bytes, and composes letters with their accents. Its version is part of the vocabulary;
 * older vocabularies have none.
 *
 * <p>{@link io.undercurrent.text.WordTokenizer} reads a text once from left to right. A cursor
 * finds the raw tokens (words, numbers, emoticons, emoji, links, ...), words are split the way the
 * Penn Treebank splits them (do n't), and each piece becomes an id of the vocabulary, or the class
 * of unknown word it belongs to. A token never depends on text to the right of its own group, so a
 * text that a limit cuts gives the same tokens as the part that was kept alone. An {@link
 * io.undercurrent.text.Encoding} can say which span of the text each token stands for.
 *
 * <p>{@link io.undercurrent.text.ByteTokenizer} takes a text's bytes as tokens, for text without
 * words; {@link io.undercurrent.text.WhitespaceTokenizer} splits text at spaces. {@link
 * io.undercurrent.text.TokenDecoder} turns tokens back into text.
 *
 * <p>{@link io.undercurrent.text.VocabularyBuilder} chooses the vocabulary from training texts:
 * frequent words that several authors use, without personal names.
 *
 * <p>Which character is a letter and what its lower case is comes from {@code characters.txt},
 * which accents it takes from {@code compositions.txt}. Both are frozen from the Unicode 13 data of
 * JDK 17, never from the running JDK: the same text gives the same ids on every JDK.
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.text;
