using System.Globalization;
using System.Text;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>
/// Tables in text: a row a line, cells separated by commas, semicolons, tabs or spaces, with or without a line of names, comments behind # or %, texts in quotes. Numbers have
/// decimal points; an empty cell, NaN and NA are missing.
/// </summary>
internal static class CsvFile
{
    private const int MostColumns = 100_000;
    private const int LongestLine = 1 << 24;
    private const string TableName = "table";

    private static readonly string[] Missing = ["", "NAN", "NA", "N/A", "NULL", "NONE"];

    /// <summary>Reads a file.</summary>
    /// <exception cref="InputException">It is no such table.</exception>
    public static ArrayFile Open(string path)
    {
        var reader = new Reader(path);
        return reader.Read();
    }

    private sealed class Reader(string path)
    {
        private readonly List<string> _cells = [];
        private readonly StringBuilder _cell = new();
        private char _separator;

        public ArrayFile Read()
        {
            // Once through for names, types and the number of rows, and again for the numbers.
            string[]? names = null;
            bool[] areTexts = [];
            var (rows, areTruths) = (0, Array.Empty<bool>());
            foreach (var line in Lines())
            {
                if (names is null)
                {
                    var isHeader = _cells.Exists(cell => !IsNumber(cell));
                    names = isHeader ? Names() : [];
                    (areTexts, areTruths) = (new bool[_cells.Count], new bool[_cells.Count]);
                    Array.Fill(areTruths, isHeader);
                    if (isHeader)
                    {
                        continue;
                    }
                }

                if (_cells.Count != areTexts.Length)
                {
                    throw new InputException($"{path}: line {line} has {_cells.Count} cells where the first has {areTexts.Length}; give every row as many, separated by {Word(_separator)}.");
                }

                rows++;
                for (var column = 0; column < _cells.Count; column++)
                {
                    if (IsNumber(_cells[column]))
                    {
                        areTruths[column] = false;
                    }
                    else if (IsDecimalComma(_cells[column]))
                    {
                        throw new InputException($"{path}: '{Messages.OneLine(_cells[column])}' in line {line} has a decimal comma; write numbers with decimal points.");
                    }
                    else
                    {
                        areTruths[column] &= IsTruth(_cells[column]);
                        areTexts[column] = true;
                    }
                }
            }

            if (names is null || rows == 0)
            {
                throw new InputException($"{path}: the file holds {(names is null ? "no table" : "names of columns and no row")}; give a table with a row a line.");
            }

            if ((long)rows * areTexts.Length > Array.MaxLength)
            {
                throw new InputException($"{path}: {rows} rows of {areTexts.Length} columns are too many for a text file; write them as HDF5.");
            }

            return names.Length > 0 ? Columns(names, areTexts, areTruths, rows)
                : Array.IndexOf(areTexts, true) is >= 0 and var text ? throw new InputException($"{path}: column {text + 1} holds texts and no first line says what the columns are; write their names into the first line.")
                : Table(rows, areTexts.Length);
        }

        private ArrayFile Columns(string[] names, bool[] areTexts, bool[] areTruths, int rows)
        {
            var numbers = Array.ConvertAll(areTexts, isText => isText ? [] : new double[rows]);
            var texts = areTexts.Select(isText => isText ? new string[rows] : []).ToArray();
            var row = -1;
            foreach (var line in Lines())
            {
                if (row++ < 0)
                {
                    continue;
                }

                RequireRow(line, row, rows, names.Length);
                for (var column = 0; column < names.Length; column++)
                {
                    if (areTexts[column])
                    {
                        texts[column][row - 1] = _cells[column];
                    }
                    else
                    {
                        numbers[column][row - 1] = Number(_cells[column]);
                    }
                }
            }

            var root = new RecordNode(null, "", null, []);
            root.Fields = names;
            root.Records =
            [
                [
                    .. names.Select((name, column) => (ArrayNode)(areTruths[column]
                        ? new NumberNode(root, name, null, [rows], "bool", isColumnMajor: false, () => Array.ConvertAll(texts[column], text => (byte)(text.StartsWith("t", StringComparison.OrdinalIgnoreCase) ? 1 : 0)))
                        : areTexts[column] ? new TextNode(root, name, [rows], () => texts[column])
                        : new NumberNode(root, name, null, [rows], "number", isColumnMajor: false, () => numbers[column]))),
                ],
            ];
            return new ArrayFile(path, $"table in text, separated by {Word(_separator)}", root, FirstIndex: 0) { Noun = "column", RowsAreBins = true };
        }

        private ArrayFile Table(int rows, int columns)
        {
            var values = new double[rows * columns];
            var row = 0;
            foreach (var line in Lines())
            {
                RequireRow(line, row, rows - 1, columns);
                for (var column = 0; column < columns; column++)
                {
                    values[(row * columns) + column] = Number(_cells[column]);
                }

                row++;
            }

            var root = new RecordNode(null, "", null, []);
            (root.Fields, root.Records) = ([TableName], [[new NumberNode(root, TableName, null, [rows, columns], "number", isColumnMajor: false, () => values)]]);
            return new ArrayFile(path, $"table in text without names, separated by {Word(_separator)}", root, FirstIndex: 0) { Noun = "column", RowsAreBins = true, IsOneArray = true };
        }

        private void RequireRow(int line, int row, int last, int columns)
        {
            if (row > last || _cells.Count != columns)
            {
                throw new InputException($"{path}: the file changed while it was read, at line {line}; import it again.");
            }
        }

        private string[] Names()
        {
            if (_cells.Count > MostColumns)
            {
                throw new InputException($"{path}: the table has {_cells.Count} columns, more than {MostColumns}; write it as HDF5.");
            }

            string[] names = [.. _cells.Select((cell, column) => cell.Length > 0 ? cell : $"column{column + 1}")];
            return names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice
                ? throw new InputException($"{path}: two columns are called '{Messages.OneLine(twice.Key)}'; give each a name of its own.")
                : names;
        }

        /// <summary>Numbers of the lines that hold a row, whose cells are then at hand.</summary>
        private IEnumerable<int> Lines()
        {
            using var stream = InputFile.Open(path);
            using var reader = new StreamReader(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false));
            var text = new StringBuilder();
            var buffer = new char[1 << 14];
            var (line, first, inQuotes, wasReturn) = (1, 1, false, false);
            for (int count; (count = reader.Read(buffer, 0, buffer.Length)) > 0;)
            {
                for (var i = 0; i < count; i++)
                {
                    var one = buffer[i];
                    if (one == '\0')
                    {
                        throw new InputException($"{path}: line {line} holds a zero byte, which no text does; give a table in text.");
                    }

                    if (one == '\n' && wasReturn)
                    {
                        wasReturn = false;
                        continue;
                    }

                    wasReturn = one == '\r';
                    inQuotes ^= one == '"' && !IsComment(text);
                    line += one is '\n' or '\r' ? 1 : 0;
                    if (one is '\n' or '\r' && !inQuotes)
                    {
                        if (Split(text, first))
                        {
                            yield return first;
                        }

                        text.Clear();
                        first = line;
                    }
                    else if (text.Append(one).Length > LongestLine)
                    {
                        throw new InputException($"{path}: line {first} is longer than {LongestLine} characters{(inQuotes ? ", as its quotes do not end" : "")}; give a table with a row a line.");
                    }
                }
            }

            if (inQuotes)
            {
                throw new InputException($"{path}: quotes that begin in line {first} do not end; close them.");
            }

            if (Split(text, first))
            {
                yield return first;
            }

            static bool IsComment(StringBuilder text) => text.Length > 0 && text[0] is '#' or '%';
        }

        /// <summary>Cuts a line into cells; false of a comment or an empty line.</summary>
        private bool Split(StringBuilder line, int number)
        {
            var text = line.ToString();
            if (text.AsSpan().Trim() is not [var start, ..] || start is '#' or '%')
            {
                return false;
            }

            _cells.Clear();
            _separator = _separator != 0 ? _separator : Separator(text);
            if (_separator == ' ')
            {
                _cells.AddRange(text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Select(cell => cell.Trim('"')));
                return true;
            }

            _cell.Clear();
            var (inQuotes, wasQuoted) = (false, false);
            for (var i = 0; i < text.Length; i++)
            {
                var one = text[i];
                if (inQuotes)
                {
                    if (one == '"' && i + 1 < text.Length && text[i + 1] == '"')
                    {
                        _cell.Append(text[++i]);
                    }
                    else if (one == '"')
                    {
                        inQuotes = false;
                    }
                    else
                    {
                        _cell.Append(one);
                    }
                }
                else if (one == '"' && _cell.ToString().AsSpan().Trim().IsEmpty)
                {
                    _cell.Clear();
                    (inQuotes, wasQuoted) = (true, true);
                }
                else if (one == _separator)
                {
                    Add();
                }
                else if (!wasQuoted || !char.IsWhiteSpace(one))
                {
                    _cell.Append(one);
                }
            }

            Add();
            return _cells.Count <= MostColumns ? true : throw new InputException($"{path}: line {number} has {_cells.Count} cells, more than {MostColumns}; write the table as HDF5.");

            void Add()
            {
                _cells.Add(wasQuoted ? _cell.ToString() : _cell.ToString().Trim());
                _cell.Clear();
                wasQuoted = false;
            }
        }

        /// <summary>What separates the cells of the first row.</summary>
        private static char Separator(string line)
        {
            var (inQuotes, counts) = (false, new int[3]);
            foreach (var one in line)
            {
                inQuotes ^= one == '"';
                if (!inQuotes && ",;\t".IndexOf(one, StringComparison.Ordinal) is >= 0 and var i)
                {
                    counts[i]++;
                }
            }

            // A semicolon or a tab is never part of a number, as a comma is in some countries.
            return counts[2] > 0 ? '\t' : counts[1] > 0 ? ';' : counts[0] > 0 ? ',' : line.Trim().Contains(' ', StringComparison.Ordinal) && !line.Contains('"', StringComparison.Ordinal) ? ' ' : ',';
        }

        private static bool IsNumber(string cell) => Missing.Contains(cell, StringComparer.OrdinalIgnoreCase) || double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

        private static double Number(string cell) => double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;

        private static bool IsTruth(string cell) => cell.Equals("true", StringComparison.OrdinalIgnoreCase) || cell.Equals("false", StringComparison.OrdinalIgnoreCase);

        private static bool IsDecimalComma(string cell) => cell.Length >= 3 && cell.Count(one => one == ',') == 1 && cell.TrimStart('+', '-').All(one => char.IsAsciiDigit(one) || one == ',') && char.IsAsciiDigit(cell[^1]);

        private static string Word(char separator) => separator switch { '\t' => "tabs", ';' => "semicolons", ' ' => "spaces", _ => "commas" };
    }
}
