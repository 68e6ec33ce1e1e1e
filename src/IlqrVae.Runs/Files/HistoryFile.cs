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

    /// <summary>Starts a history, or continues one.</summary>
    /// <param name="table">Path of the CSV file.</param>
    /// <param name="lines">Path of the JSON lines.</param>
    /// <param name="after">Iterations whose lines are kept; those beyond were not part of the checkpoint. 0 starts anew.</param>
    public static HistoryFile Open(string table, string lines, int after)
    {
        var rows = after > 0 && File.Exists(table) ? File.ReadAllLines(table).Skip(1).Where(row => IterationOf(row) <= after) : [];
        var objects = after > 0 && File.Exists(lines) ? File.ReadAllLines(lines).Where(line => IterationOfObject(line) <= after) : [];
        AtomicFile.WriteText(table, string.Concat(rows.Prepend(Header).Select(row => row + "\n")));
        AtomicFile.WriteText(lines, string.Concat(objects.Select(line => line + "\n")));
        return new HistoryFile(Append(table), Append(lines));
    }

    /// <summary>Reads the columns of a CSV file; empty cells are NaN.</summary>
    /// <param name="path">The file.</param>
    public static IReadOnlyDictionary<string, double[]> Read(string path)
    {
        var rows = File.ReadAllLines(path);
        var names = rows[0].Split(',');
        var cells = rows.Skip(1).Select(row => row.Split(',')).Where(row => row.Length == names.Length).ToList();
        return names.Select((name, i) => (name, values: cells.Select(row => Number(row[i])).ToArray()))
            .ToDictionary(pair => pair.name, pair => pair.values, StringComparer.Ordinal);
    }

    /// <summary>The same; null where there is no file, or not one that this program wrote.</summary>
    /// <param name="path">The file.</param>
    public static IReadOnlyDictionary<string, double[]>? ReadIfAny(string path)
        => File.Exists(path) && string.Equals(File.ReadLines(path).FirstOrDefault(), Header, StringComparison.Ordinal) ? Read(path) : null;

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

    private static double Number(string cell) => double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN;

    private static double IterationOf(string row)
    {
        var value = row.Split(',').Length == Columns.Length ? Number(row.Split(',')[0]) : double.NaN;
        return double.IsNaN(value) ? double.PositiveInfinity : value;
    }

    private static double IterationOfObject(string line)
    {
        try
        {
            return JsonNode.Parse(line)?["iteration"]?.GetValue<double>() ?? double.PositiveInfinity;
        }
        catch (System.Text.Json.JsonException)
        {
            // A line cut short when the process was killed.
            return double.PositiveInfinity;
        }
    }
}
