using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using IlqrVae.Data;
using IlqrVae.Training;

namespace IlqrVae.Runs.Files;

/// <summary>The history of a training, one line an iteration, as CSV and as JSON lines; every line is on its way to the disk when it is written.</summary>
public sealed class HistoryFile : IDisposable
{
    private static readonly (string Name, Func<TrainingRecord, double?> Value)[] Columns =
    [
        ("iteration", record => record.Iteration),
        ("seconds", record => Math.Round(record.Seconds, 3)),
        ("loss", record => record.Loss),
        ("log_likelihood", record => record.LogLikelihood),
        ("divergence", record => record.Divergence),
        ("validation_loss", record => record.ValidationLoss),
        ("learning_rate", record => record.LearningRate),
        ("gradient_norm", record => record.GradientNorm),
        ("trials_per_second", record => Math.Round(record.TrialsPerSecond, 3)),
        ("factorisations", record => record.Factorisations),
        ("newton_steps", record => record.NewtonSteps),
        ("gradient_steps", record => record.GradientSteps),
        ("fall_backs", record => record.FallBacks),
        ("unconverged", record => record.Unconverged),
        ("bounded", record => record.Bounded),
        ("recoveries", record => record.Recoveries),
    ];

    private static string Header => string.Join(',', Columns.Select(column => column.Name));

    private readonly StreamWriter _table;
    private readonly StreamWriter _lines;

    private HistoryFile(StreamWriter table, StreamWriter lines)
    {
        _table = table;
        _lines = lines;
    }

    /// <summary>The history of a run up to an iteration, as it is continued.</summary>
    /// <param name="Rows">Rows of the CSV file, without its header.</param>
    /// <param name="Objects">The JSON lines.</param>
    public sealed record Past(IReadOnlyList<string> Rows, IReadOnlyList<string> Objects)
    {
        /// <summary>No past: the history starts.</summary>
        public static Past None { get; } = new([], []);

        /// <summary>Reads what a history is continued from.</summary>
        /// <param name="table">Path of the CSV file; it may be missing.</param>
        /// <param name="lines">Path of the JSON lines; they may be missing.</param>
        /// <param name="until">Iterations whose lines are kept; those beyond were not part of the checkpoint.</param>
        /// <exception cref="InputException">A line is none of a history. The last one may be cut short, as by the end of the process.</exception>
        public static Past Read(string table, string lines, int until) => new(
            Kept(table, header: 1, IterationOf, until),
            Kept(lines, header: 0, IterationOfObject, until));

        private static List<string> Kept(string path, int header, Func<string, double> iterationOf, int until)
        {
            var all = File.Exists(path) ? File.ReadAllLines(path) : [];
            var kept = new List<string>();
            for (var i = header; i < all.Length; i++)
            {
                var iteration = iterationOf(all[i]);
                if (double.IsNaN(iteration) && i < all.Length - 1)
                {
                    throw new InputException($"{path}, line {i + 1}: this is no line of a training's history; remove it, or remove the file, which training does without.");
                }

                if (iteration <= until)
                {
                    kept.Add(all[i]);
                }
            }

            return kept;
        }
    }

    /// <summary>Starts a history, or continues one.</summary>
    /// <param name="table">Path of the CSV file.</param>
    /// <param name="lines">Path of the JSON lines.</param>
    /// <param name="past">What there is of it.</param>
    public static HistoryFile Open(string table, string lines, Past past)
    {
        AtomicFile.WriteText(table, string.Concat(past.Rows.Prepend(Header).Select(row => row + "\n")));
        AtomicFile.WriteText(lines, string.Concat(past.Objects.Select(line => line + "\n")));
        return new HistoryFile(Append(table), Append(lines));
    }

    /// <summary>Reads the columns of a CSV file; empty cells are NaN.</summary>
    /// <param name="path">The file.</param>
    public static IReadOnlyDictionary<string, double[]> Read(string path)
    {
        var rows = Lines(path).ToList();
        var names = rows[0].Split(',');
        var cells = rows.Skip(1).Select(row => row.Split(',')).Where(row => row.Length == names.Length).ToList();
        return names.Select((name, i) => (name, values: cells.Select(row => Number(row[i])).ToArray()))
            .ToDictionary(pair => pair.name, pair => pair.values, StringComparer.Ordinal);
    }

    /// <summary>The same; null where there is no file, or not one that this program wrote.</summary>
    /// <param name="path">The file.</param>
    public static IReadOnlyDictionary<string, double[]>? ReadIfAny(string path)
        => File.Exists(path) && string.Equals(Lines(path).FirstOrDefault(), Header, StringComparison.Ordinal) ? Read(path) : null;

    /// <summary>The names of what is kept of an iteration.</summary>
    public static IEnumerable<string> Names => Columns.Select(column => column.Name);

    /// <summary>What is kept of an iteration, by its name.</summary>
    /// <param name="record">What happened in it.</param>
    /// <returns>The values, in the order of <see cref="Names"/>; null where there is none.</returns>
    public static IEnumerable<(string Name, double? Value)> ValuesOf(TrainingRecord record) => Columns.Select(column => (column.Name, column.Value(record)));

    /// <summary>Adds an iteration.</summary>
    /// <param name="record">What happened in it.</param>
    public void Add(TrainingRecord record)
    {
        _table.Write(string.Join(',', Columns.Select(column => column.Value(record)?.ToString("R", CultureInfo.InvariantCulture) ?? "")) + "\n");
        var line = new JsonObject();
        foreach (var (name, value) in Columns)
        {
            line[name] = Json.Number(value(record));
        }

        _lines.Write(line.ToJsonString() + "\n");
        _table.Flush();
        _lines.Flush();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _table.Dispose();
        _lines.Dispose();
    }

    private static StreamWriter Append(string path)
        => new(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));

    /// <summary>The lines of a file, which may be at work.</summary>
    private static IEnumerable<string> Lines(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    private static double Number(string cell) => double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN;

    /// <summary>The iteration of a row; NaN where it is no complete row.</summary>
    private static double IterationOf(string row)
    {
        var cells = row.Split(',');
        return cells.Length == Columns.Length ? Number(cells[0]) : double.NaN;
    }

    /// <summary>The iteration of a JSON line; NaN where it is no complete object with one.</summary>
    private static double IterationOfObject(string line)
    {
        try
        {
            return JsonNode.Parse(line) is JsonObject found && found["iteration"] is JsonValue value && value.TryGetValue<double>(out var iteration) ? iteration : double.NaN;
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or ArgumentException)
        {
            return double.NaN;
        }
    }
}
