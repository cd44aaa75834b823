-- grain: one value, the key under which two spellings of a name are the same
-- requires: none
-- Lower case, accents removed, what is neither letter nor digit as a space, tokens sorted. Everything is said here and not left to
-- the database's locale: the letters that Unicode does not take apart (ø, ł, ß...) are listed, lower() and the order are "C"'s.
-- Empty for a name without a letter or digit of the Latin alphabet: such a name matches nobody.
create or replace function ops.name_token_key(p_name text) returns text
  language sql immutable parallel safe
  return (
    select coalesce(string_agg(token, ' ' order by token collate "C"), '')
    from regexp_split_to_table(
      lower(
        replace(replace(replace(replace(replace(replace(
          translate(
            regexp_replace(normalize(p_name, nfkd), '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]', '', 'g'),
            'ØøŁłĐđÐðŦŧĦħıȷ', 'OoLlDdDdTtHhij'),
          'ß', 'ss'), 'ẞ', 'ss'), 'Æ', 'ae'), 'æ', 'ae'), 'Œ', 'oe'), 'œ', 'oe')
        collate "C"),
      '[^a-z0-9]+') as token
    where token <> ''
  );

comment on function ops.name_token_key is 'Names are compared by this key: case, accents, punctuation and order of the words do not count.';
