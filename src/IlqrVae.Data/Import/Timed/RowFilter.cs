using System.Globalization;

namespace IlqrVae.Data.Import.Timed;

/// <summary>
/// Chooses rows of a table by an expression over its columns: <c>split == 'train' and (reward > 0 or kind in ['go', 'catch'])</c>. There are comparisons
/// (== != &lt; &lt;= &gt; &gt;=, in chains as 0 &lt; rt &lt;= 2), <c>in</c> and <c>not in</c>, <c>and</c>, <c>or</c>, <c>not</c>, parentheses, numbers, texts in quotes,
/// true, false and nan. Columns whose names are no words stand in backquotes.
/// </summary>
internal sealed class RowFilter
{
    private const int Deepest = 200;

    private readonly ColumnTable _table;
    private readonly string _where;
    private readonly string _text;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _depth;

    private RowFilter(string option, string text, ColumnTable table, string path)
    {
        _table = table;
        _text = text;
        _where = $"{option}: {path}";
        Split();
    }

    private enum TokenKind
    {
        Number,
        Text,
        Word,
        Name,
        Sign,
        End,
    }

    /// <summary>The rows for which an expression holds.</summary>
    /// <param name="option">The option that it was given by, for messages.</param>
    /// <param name="text">The expression.</param>
    /// <param name="table">The table.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="InputException">It cannot be read, names a column that is not there, or compares a text with a number; the message says where.</exception>
    public static bool[] Rows(string option, string text, ColumnTable table, string path)
    {
        var holds = Parse(option, text, table, path);
        return [.. Enumerable.Range(0, table.Rows).Select(holds)];
    }

    /// <summary>Whether an expression holds in a row.</summary>
    /// <inheritdoc cref="Rows"/>
    public static Func<int, bool> Parse(string option, string text, ColumnTable table, string path)
    {
        var filter = new RowFilter(option, text, table, path);
        var holds = filter.Or();
        return filter.Now.Kind == TokenKind.End ? holds : throw filter.Fault(filter.Now, $"'{filter.Now.Text}' is not expected; join conditions by 'and' or 'or'");
    }

    private Token Now => _tokens[_at];

    private Func<int, bool> Or()
    {
        var left = And();
        while (TakeWord("or", "||"))
        {
            var (one, other) = (left, And());
            left = row => one(row) || other(row);
        }

        return left;
    }

    private Func<int, bool> And()
    {
        var left = Not();
        while (TakeWord("and", "&&", "&"))
        {
            var (one, other) = (left, Not());
            left = row => one(row) && other(row);
        }

        return left;
    }

    private Func<int, bool> Not()
    {
        if (++_depth > Deepest)
        {
            throw Fault(Now, $"the expression is nested more than {Deepest} deep");
        }

        Func<int, bool> result;
        if (TakeWord("not", "!"))
        {
            var inner = Not();
            result = row => !inner(row);
        }
        else if (Now.IsSign("("))
        {
            _at++;
            result = Or();
            Require(")");
        }
        else
        {
            result = Comparison();
        }

        _depth--;
        return result;
    }

    private Func<int, bool> Comparison()
    {
        var start = Now;
        var left = Value();
        if (TakeWord("in"))
        {
            return In(left, start);
        }

        if (Now.IsWord("not") && _tokens[_at + 1].IsWord("in"))
        {
            _at += 2;
            var isIn = In(left, start);
            return row => !isIn(row);
        }

        Func<int, bool>? chain = null;
        while (Now is { Kind: TokenKind.Sign, Text: "==" or "=" or "!=" or "<>" or "<" or "<=" or ">" or ">=" })
        {
            var sign = Now;
            _at++;
            var (one, other) = (left, Value());
            var link = Compare(sign, one, other);
            var before = chain;
            chain = before is null ? link : row => before(row) && link(row);
            left = other;
        }

        if (chain is not null)
        {
            return chain;
        }

        return left.Kind == ColumnKind.Truth
            ? row => left.Number(row) != 0
            : throw Fault(start, $"'{start.Text}' is {(left.Kind == ColumnKind.Number ? "a number" : "a text")} where something true or false is needed; compare it, as in {Hint(start, left)}");
    }

    private static string Hint(Token token, Operand operand) => $"{token.Text} {(operand.Kind == ColumnKind.Number ? "> 0" : "== 'word'")}";

    private Func<int, bool> In(Operand left, Token start)
    {
        var close = Now.IsSign("[") ? "]" : Now.IsSign("(") ? ")" : throw Fault(Now, "'in' needs a list, as in kind in ['go', 'catch']");
        _at++;
        var tests = new List<Func<int, bool>>();
        while (!Now.IsSign(close))
        {
            tests.Add(Compare(start with { Text = "==" }, left, Value()));
            if (!Now.IsSign(close))
            {
                Require(",");
            }
        }

        _at++;
        return row => tests.Exists(test => test(row));
    }

    private Func<int, bool> Compare(Token sign, Operand left, Operand right)
    {
        var isEquality = sign.Text is "==" or "=" or "!=" or "<>";
        var isNegated = sign.Text is "!=" or "<>";
        if ((left.Kind == ColumnKind.Text) != (right.Kind == ColumnKind.Text))
        {
            var (text, other) = left.Kind == ColumnKind.Text ? (left, right) : (right, left);
            throw Fault(sign, $"a text ({text.Words}) is compared with {(other.Kind == ColumnKind.Truth ? "true or false" : "a number")} ({other.Words}); {(text.IsColumn ? "put the other side in quotes" : "leave the quotes out")}");
        }

        if (left.Kind == ColumnKind.Text)
        {
            return isEquality
                ? row => string.Equals(left.Text(row), right.Text(row), StringComparison.Ordinal) != isNegated
                : Ordered(sign.Text, row => string.CompareOrdinal(left.Text(row), right.Text(row)));
        }

        if (isEquality)
        {
            return row => left.Number(row).Equals(right.Number(row)) != isNegated;
        }

        return sign.Text switch
        {
            "<" => row => left.Number(row) < right.Number(row),
            "<=" => row => left.Number(row) <= right.Number(row),
            ">" => row => left.Number(row) > right.Number(row),
            _ => row => left.Number(row) >= right.Number(row),
        };
    }

    private static Func<int, bool> Ordered(string sign, Func<int, int> compare) => sign switch
    {
        "<" => row => compare(row) < 0,
        "<=" => row => compare(row) <= 0,
        ">" => row => compare(row) > 0,
        _ => row => compare(row) >= 0,
    };

    private Operand Value()
    {
        var token = Now;
        _at++;
        switch (token.Kind)
        {
            case TokenKind.Number:
                return Operand.Of(token.Number, token.Text);
            case TokenKind.Text:
                return new Operand(ColumnKind.Text, false, $"'{token.Text}'", _ => double.NaN, _ => token.Text);
            case TokenKind.Sign when token.Text is "-" or "+" && Now.Kind == TokenKind.Number:
                _at++;
                return Operand.Of(token.Text == "-" ? -_tokens[_at - 1].Number : _tokens[_at - 1].Number, token.Text + _tokens[_at - 1].Text);
            case TokenKind.Word or TokenKind.Name:
                if (_table.Find(token.Text) is { } column)
                {
                    return OfColumn(token, column);
                }

                return token.Kind == TokenKind.Name ? throw Fault(token, _table.Lacks(token.Text)) : token.Text.ToUpperInvariant() switch
                {
                    "TRUE" => new Operand(ColumnKind.Truth, false, "true", _ => 1, _ => ""),
                    "FALSE" => new Operand(ColumnKind.Truth, false, "false", _ => 0, _ => ""),
                    "NAN" => Operand.Of(double.NaN, "nan"),
                    "AND" or "OR" or "NOT" or "IN" => throw Fault(token, $"'{token.Text}' stands where a column, a number or a text is expected"),
                    _ => throw Fault(token, _table.Lacks(token.Text)),
                };
            case TokenKind.End:
                throw Fault(token, "it ends where a column, a number or a text is expected");
            default:
                throw Fault(token, $"'{token.Text}' stands where a column, a number or a text is expected");
        }
    }

    private Operand OfColumn(Token token, TableColumn column) => column.Kind == ColumnKind.Other
        ? throw Fault(token, $"column '{column.Name}' holds {column.Type}, which cannot be compared; name a column of numbers, texts, or of true and false")
        : new Operand(column.Kind, true, column.Name, column.Kind == ColumnKind.Text ? _ => double.NaN : row => column.Numbers[row], column.Kind == ColumnKind.Text ? row => column.Texts[row] : _ => "");

    private bool TakeWord(string word, params ReadOnlySpan<string> signs)
    {
        var isIt = Now.IsWord(word);
        foreach (var sign in signs)
        {
            isIt |= Now.IsSign(sign);
        }

        _at += isIt ? 1 : 0;
        return isIt;
    }

    private void Require(string sign)
    {
        if (!Now.IsSign(sign))
        {
            throw Fault(Now, $"'{sign}' is expected here");
        }

        _at++;
    }

    private InputException Fault(Token token, string what) =>
        new($"{_where}: in \"{Messages.OneLine(_text)}\", at character {token.Position + 1}: {what}.");

    private void Split()
    {
        var at = 0;
        while (true)
        {
            while (at < _text.Length && char.IsWhiteSpace(_text[at]))
            {
                at++;
            }

            var start = at;
            if (at == _text.Length)
            {
                _tokens.Add(new Token(TokenKind.End, "", start));
                _tokens.Add(new Token(TokenKind.End, "", start));
                return;
            }

            var first = _text[at];
            if (first is '\'' or '"' or '`')
            {
                var end = _text.IndexOf(first, at + 1);
                if (end < 0)
                {
                    throw Fault(new Token(TokenKind.Sign, "", start), $"the quote {first} has no end");
                }

                _tokens.Add(new Token(first == '`' ? TokenKind.Name : TokenKind.Text, _text[(at + 1)..end], start));
                at = end + 1;
            }
            else if (char.IsAsciiDigit(first) || (first == '.' && at + 1 < _text.Length && char.IsAsciiDigit(_text[at + 1])))
            {
                while (at < _text.Length && (char.IsAsciiLetterOrDigit(_text[at]) || _text[at] == '.' || (_text[at] is '+' or '-' && _text[at - 1] is 'e' or 'E')))
                {
                    at++;
                }

                var text = _text[start..at];
                _tokens.Add(double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
                    ? new Token(TokenKind.Number, text, start) { Number = number }
                    : throw Fault(new Token(TokenKind.Sign, "", start), $"'{text}' is not a number"));
            }
            else if (char.IsLetter(first) || first == '_')
            {
                while (at < _text.Length && (char.IsLetterOrDigit(_text[at]) || _text[at] is '_' or '.'))
                {
                    at++;
                }

                _tokens.Add(new Token(TokenKind.Word, _text[start..at], start));
            }
            else
            {
                var two = at + 1 < _text.Length ? _text.Substring(at, 2) : "";
                var sign = two is "==" or "!=" or "<=" or ">=" or "<>" or "&&" or "||" ? two : $"{first}";
                if (!"()[],=<>!+-&".Contains(sign[0], StringComparison.Ordinal) && sign != "||")
                {
                    throw Fault(new Token(TokenKind.Sign, sign, start), $"'{sign}' is no part of an expression");
                }

                _tokens.Add(new Token(TokenKind.Sign, sign, start));
                at += sign.Length;
            }
        }
    }

    private sealed record Token(TokenKind Kind, string Text, int Position)
    {
        public double Number { get; init; }

        public bool IsSign(string sign) => Kind == TokenKind.Sign && Text == sign;

        public bool IsWord(string word) => Kind == TokenKind.Word && string.Equals(Text, word, StringComparison.OrdinalIgnoreCase);
    }

    private sealed record Operand(ColumnKind Kind, bool IsColumn, string Words, Func<int, double> Number, Func<int, string> Text)
    {
        public static Operand Of(double number, string words) => new(ColumnKind.Number, false, words, _ => number, _ => "");
    }
}
