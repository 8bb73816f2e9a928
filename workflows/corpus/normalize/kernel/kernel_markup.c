/* Where markup stands in a text, as the patterns of markup.py say; see kernel_fold.c. Few marks that may begin
 * markup do, and to ask a pattern at each of them took most of the time of a pass over real text.
 *
 * A match is told by its length, 0 if there is none. No byte behind the last is looked at.
 */

#include "kernel.h"

enum {
    MOST_IN_TAG = 400,
    MOST_IN_FORUM_TAG = 100,
    MOST_BACKSLASHES = 8,
    LONGEST_NAME = 32, /* of an entity */
    SEPARATOR = 0xFF,  /* between two texts */
    FIELDS = 3,
};

/* What a piece of markup is; the first two are tags. */
enum { TAG, BLOCK_TAG, OTHER, INSIDE = 4 };

struct text {
    const uint8_t *bytes;
    int64_t size;
    int escaped; /* JSON as it stands in a file */
};

/* Return the byte at a position; behind the end a SEPARATOR, which no markup holds. */
static inline int at(const struct text *text, int64_t position)
{
    return position < text->size ? text->bytes[position] : SEPARATOR;
}

static int is_hexadecimal(int byte) { return is_digit((uint8_t)byte) || (uint8_t)((byte | 0x20) - 'a') < 6; }

/* Tell whether so many hexadecimal digits stand there. */
static int are_hexadecimal(const struct text *text, int64_t position, int count)
{
    for (int number = 0; number < count; number++)
        if (!is_hexadecimal(at(text, position + number)))
            return 0;
    return 1;
}

/* Tell whether a text without capitals stands there, in capitals or not. */
static int stands(const struct text *text, int64_t position, const char *lower)
{
    for (; *lower; lower++, position++)
        if ((at(text, position) | (is_letter(*(const uint8_t *)lower) ? 0x20 : 0)) != *lower)
            return 0;
    return 1;
}

/* Return the length of an escape of JSON for < or >, whose last digit is `digit`; 0 if there is none. */
static int escaped_bracket(const struct text *text, int64_t position, int digit)
{
    return text->escaped && at(text, position) == '\\' && at(text, position + 1) == 'u' &&
                   stands(text, position + 2, "003") && (at(text, position + 5) | 0x20) == digit
               ? 6
               : 0;
}

/* Return the length of the > at a position. */
static int closing(const struct text *text, int64_t position)
{
    return at(text, position) == '>' ? 1 : escaped_bracket(text, position, 'e');
}

/* Return where a tag ends of which up to MOST_IN_TAG signs stand from `position` on; 0 if it does not. */
static int64_t end_of_tag(const struct text *text, int64_t position)
{
    for (int count = 0; count <= MOST_IN_TAG && position < text->size; count++, position++) {
        int byte = text->bytes[position];
        if (byte == '>')
            return position + 1;
        if (byte == '<' || byte == (text->escaped ? '\n' : SEPARATOR))
            return 0;
        if (byte == '\\' && escaped_bracket(text, position, 'e'))
            return position + closing(text, position);
        if (byte == '\\' && escaped_bracket(text, position, 'c'))
            return 0;
    }
    return 0;
}

/* Return where a comment ends of which the signs behind <!-- stand from `position` on; 0 if it does not. */
static int64_t end_of_comment(const struct text *text, int64_t position)
{
    for (int count = 0; count <= MOST_IN_TAG && position < text->size; count++, position++) {
        if (at(text, position) == '-' && at(text, position + 1) == '-' && closing(text, position + 2))
            return position + 2 + closing(text, position + 2);
        if (at(text, position) == (text->escaped ? '\n' : SEPARATOR))
            return 0;
    }
    return 0;
}

/* Tell whether bytes are the inside of a text in JSON; else they reach over the end of one. */
static int is_in_json(const struct text *text, int64_t position, int64_t end)
{
    for (; position < end; position++) {
        if (text->bytes[position] == '"')
            return 0;
        if (text->bytes[position] != '\\')
            continue;
        position++;
        if (position >= end || !memchr("\"\\/bfnrtu", text->bytes[position], 9))
            return 0;
        if (text->bytes[position] == 'u') {
            if (position + 4 >= end || !are_hexadecimal(text, position + 1, 4))
                return 0;
            position += 4;
        }
    }
    return 1;
}

/* Which tags end a line, as _BLOCK_TAG says. */
static const char *const BLOCKS[] = {
    "br", "p",  "div", "td", "th", "tr", "li", "ul", "ol", "dd",    "dt", "dl",  "h1",
    "h2", "h3", "h4",  "h5", "h6", "hr", "table", "pre", "blockquote", "option",
};
static const char *const FORUM_TAGS[] = {
    "b",    "i",      "u",    "s",     "color", "size",  "font", "url",       "email",           "img",
    "quote", "code",  "center", "align", "left",  "right", "backcolor", "backgroundcolor", "strike",
    "spoiler", "indent", "list", "sub", "sup",
};

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* Tell whether the text from `position` to before `end` is one of `count` names, in capitals or not. */
static int is_one_of(const struct text *text, int64_t position, int64_t end, const char *const *names, int count)
{
    for (const char *const *name = names; name < names + count; name++)
        if (stands(text, position, *name) && end - position == (int64_t)strlen(*name))
            return 1;
    return 0;
}

/* Tell what a tag is by its name, which begins at `position`. */
static int kind_of_tag(const struct text *text, int64_t position)
{
    int64_t end = position;
    while (is_alphanumeric((uint8_t)at(text, end)) || at(text, end) == '_')
        end++;
    if (at(text, end) >= 0x80 || at(text, end) == '\\')
        return OTHER; /* a letter may go on there: Python knows */
    return is_one_of(text, position, end, BLOCKS, COUNT(BLOCKS)) ? BLOCK_TAG : TAG;
}

static int64_t match_tag(const struct text *text, int64_t start, int *kind)
{
    int64_t position = start + (at(text, start) == '<' ? 1 : 6), end = 0;
    if (text->escaped && at(text, position) == '\\' && at(text, position + 1) == '/')
        position++;
    *kind = TAG;
    if (at(text, position) == '!') {
        if (at(text, position + 1) == '-' && at(text, position + 2) == '-')
            end = end_of_comment(text, position + 3);
        if (!end)
            end = end_of_tag(text, position + 1);
    } else {
        position += at(text, position) == '/';
        if (!is_letter((uint8_t)at(text, position)) || stands(text, position, "at>") || stands(text, position, "dot>"))
            return 0;
        *kind = kind_of_tag(text, position);
        end = end_of_tag(text, position + 1);
    }
    return end && (!text->escaped || is_in_json(text, start, end)) ? end - start : 0;
}

static int64_t match_forum_tag(const struct text *text, int64_t start)
{
    int64_t position = start + 1;
    if (at(text, position) == '/')
        position++;
    else if (at(text, position) == '\\' && at(text, position + 1) == '/')
        position += 2;
    int64_t end = position;
    while (is_letter((uint8_t)at(text, end)))
        end++;
    if ((at(text, end) != ']' && at(text, end) != '=') ||
        !is_one_of(text, position, end, FORUM_TAGS, COUNT(FORUM_TAGS)))
        return 0;
    if (at(text, end) == '=') {
        end++;
        for (int count = 0; count < MOST_IN_FORUM_TAG; count++, end++) {
            int byte = at(text, end);
            if (byte == '[' || byte == ']' || byte == '\n' || (byte == SEPARATOR && !text->escaped) ||
                end >= text->size)
                break;
        }
    }
    end++;
    return at(text, end - 1) == ']' && (!text->escaped || is_in_json(text, start, end)) ? end - start : 0;
}

/* The mark that begins an entity has `length` bytes. */
static int64_t match_entity(const struct text *text, int64_t start, int length)
{
    int64_t position = start + length, end;
    int ampersands = 0;
    for (; !memcmp((uint8_t[]){(uint8_t)at(text, position), (uint8_t)at(text, position + 1),
                               (uint8_t)at(text, position + 2), (uint8_t)at(text, position + 3)},
                   "amp;", 4);
         position += 4)
        ampersands++;
    if (at(text, position) == '#') {
        int hexadecimal = (at(text, position + 1) | 0x20) == 'x', most = hexadecimal ? 6 : 7;
        int64_t first = end = position + 1 + hexadecimal;
        while (end < first + most && (hexadecimal ? is_hexadecimal(at(text, end)) : is_digit((uint8_t)at(text, end))))
            end++;
        if (end > first)
            return end + (at(text, end) == ';') - start;
    } else if (is_letter((uint8_t)at(text, position))) {
        for (end = position; end < position + LONGEST_NAME && is_alphanumeric((uint8_t)at(text, end));)
            end++;
        if (end > position + 1 && at(text, end) == ';')
            return end + 1 - start;
        for (const char *const *name = (const char *const[]){"nbsp", "shy", NULL}; *name; name++)
            if (position + (int64_t)strlen(*name) <= text->size &&
                !memcmp(text->bytes + position, *name, strlen(*name)))
                return position + (int64_t)strlen(*name) - start;
    }
    return ampersands ? position - start : 0;
}

/* Return the length of %E7, %25E7, %2525E7. */
static int64_t match_octet(const struct text *text, int64_t start)
{
    int64_t position = start + 1;
    if (at(text, start) != '%')
        return 0;
    while (at(text, position) == '2' && at(text, position + 1) == '5')
        position += 2;
    if (are_hexadecimal(text, position, 2))
        position += 2;
    return position > start + 1 ? position - start : 0;
}

static int64_t match_percent(const struct text *text, int64_t start)
{
    int64_t end = start, length;
    while ((length = match_octet(text, end)))
        end += length;
    if (end > start)
        return end - start;
    return at(text, start + 1) == 'u' && are_hexadecimal(text, start + 2, 4) ? 6 : 0;
}

static int64_t match_escape(const struct text *text, int64_t start)
{
    int step = text->escaped ? 2 : 1, count = 0;
    int64_t position = start;
    while (count < MOST_BACKSLASHES && at(text, position) == '\\' && at(text, position + step - 1) == '\\') {
        position += step;
        count++;
    }
    if (!count)
        return 0;
    if (at(text, position) == 'x')
        return are_hexadecimal(text, position + 1, 2) ? position + 3 - start : 0;
    if (at(text, position) != 'u')
        return 0;
    if (at(text, position + 1) != '{')
        return are_hexadecimal(text, position + 1, 4) ? position + 5 - start : 0;
    int64_t end = position + 2;
    while (end < position + 2 + 5 && is_hexadecimal(at(text, end)))
        end++;
    return end > position + 2 && at(text, end) == '}' ? end + 1 - start : 0;
}

/* Return the length of the asterisks that begin or end bold letters inside a word, but not those of h**ps://. */
static int64_t match_bold(const struct text *text, int64_t start)
{
    if (at(text, start) != '*' || at(text, start + 1) != '*' || start == 0 ||
        !is_alphanumeric((uint8_t)at(text, start - 1)) || !is_alphanumeric((uint8_t)at(text, start + 2)))
        return 0;
    int64_t colon = start + 3 + (at(text, start + 3) == 's');
    return at(text, start + 2) == 'p' && at(text, colon) == ':' ? 0 : 2;
}

/* Return the length of the markup that begins at a mark, and set what it is. */
static int64_t match(const struct text *text, int64_t start, int *kind)
{
    int byte = at(text, start);
    *kind = OTHER;
    if (byte == '<' || escaped_bracket(text, start, 'c'))
        return match_tag(text, start, kind);
    if (byte == '&')
        return match_entity(text, start, 1);
    if (byte == '%')
        return match_percent(text, start);
    if (byte == '\\')
        return text->escaped && stands(text, start, "\\u0026") ? match_entity(text, start, 6) : match_escape(text, start);
    *kind = TAG;
    if (byte == '[')
        return match_forum_tag(text, start);
    return match_bold(text, start);
}

/* Find the markup of a text at `count` marks that `fold` wrote, and write for each piece where it begins and
 * ends and what it is, with INSIDE for what stands in a tag; return how many these are. Tags are looked
 * into, other pieces are not. Over each tag that is not inside of another, write in `resolved`, the folded
 * text, what it stands for: a break or nothing. */
int64_t markup(const uint8_t *source, int64_t size, int64_t escaped, const int64_t *marks, int64_t count,
               uint8_t *resolved, int64_t *pieces)
{
    struct text text = {source, size, (int)escaped};
    int64_t found = 0, end = 0, tag = 0;
    for (int64_t number = 0; number < count; number++) {
        int64_t start = marks[number];
        int kind;
        int64_t length = start < end ? 0 : match(&text, start, &kind);
        if (!length)
            continue;
        int is_inside = start < tag;
        int64_t *piece = pieces + FIELDS * found++;
        piece[0] = start;
        piece[1] = start + length;
        piece[2] = kind | (is_inside ? INSIDE : 0);
        int is_tag = kind != OTHER || source[start] == '<' || escaped_bracket(&text, start, 'c');
        if (!is_tag)
            end = start + length;
        if (is_inside)
            continue;
        tag = is_tag ? start + length : 0;
        if (kind != OTHER) {
            memset(resolved + start, INVISIBLE, (size_t)length);
            if (kind == BLOCK_TAG)
                resolved[start] = BREAK;
        }
    }
    return found;
}
