using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Files;

/// <summary>
/// Writes the numbers of trainings to event files for TensorBoard, as they come. A training with a name, such as a candidate of a fit, has a folder of its own below. Where
/// a file cannot be written any more, the training goes on without.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="failed">Told, once, why nothing more is written.</param>
/// <param name="time">The clock; null for the system's.</param>
public sealed class TrainingEvents(string folder, Action<string>? failed = null, TimeProvider? time = null) : IProgress<TrainingProgress>, IDisposable
{
    /// <summary>What each column of the history is called; null for what is not a curve.</summary>
    private static readonly Dictionary<string, string?> Tags = new(StringComparer.Ordinal)
    {
        ["iteration"] = null,
        ["seconds"] = "time/seconds",
        ["loss"] = "loss/train",
        ["log_likelihood"] = "objective/log_likelihood",
        ["divergence"] = "objective/divergence",
        ["validation_loss"] = "loss/validation",
        ["learning_rate"] = "optimiser/learning_rate",
        ["gradient_norm"] = "optimiser/gradient_norm",
        ["trials_per_second"] = "time/trials_per_second",
        ["factorisations"] = "solver/factorisations",
        ["newton_steps"] = "solver/newton_steps",
        ["gradient_steps"] = "solver/gradient_steps",
        ["fall_backs"] = "solver/fall_backs",
        ["unconverged"] = "solver/unconverged",
        ["bounded"] = "optimiser/bounded",
        ["recoveries"] = "optimiser/recoveries",
    };

    /// <summary>Files of trainings that are at work, several at a time, by name, and of the one that was told of last.</summary>
    private readonly Dictionary<string, (EventFile File, long Step, bool IsOver)> _files = new(StringComparer.Ordinal);
    private string _name = "";
    private bool _hasFailed;

    /// <summary>The folder.</summary>
    public string Folder { get; } = folder;

    /// <summary>Checks that there can be a folder of this name; nothing is written.</summary>
    /// <param name="folder">What the user gave.</param>
    /// <exception cref="InputException">It is a file.</exception>
    public static void Require(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (folder.Length == 0 || File.Exists(folder))
        {
            throw new InputException(folder.Length == 0 ? "--tensorboard: give the name of a folder." : $"--tensorboard: {folder} is a file; give the name of a folder.");
        }
    }

    /// <inheritdoc/>
    public void Report(TrainingProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var record = value.Record;
        Try(() =>
        {
            if (!_files.TryGetValue(value.Name, out var file) || record.Iteration <= file.Step)
            {
                CloseThose(one => one.IsOver || one.File == file.File);
                file = (EventFile.Begin(Path.Combine(Folder, NameOfFolder(value.Name)), record.Iteration, time), 0, false);
            }

            (_files[value.Name], _name) = ((file.File, record.Iteration, value.IsLast), value.Name);
            file.File.Add(record.Iteration, HistoryFile.ValuesOf(record).Where(one => one.Value is not null && Tags[one.Name] is not null).Select(one => (Tags[one.Name]!, one.Value!.Value)));
        });
    }

    /// <summary>Adds an image to the training at hand.</summary>
    /// <param name="tag">Its tag.</param>
    /// <param name="png">The bytes of a PNG file.</param>
    public void AddImage(string tag, byte[] png) => Try(() =>
    {
        if (_files.TryGetValue(_name, out var file))
        {
            file.File.AddImage(file.Step, tag, png);
        }
    });

    /// <inheritdoc/>
    public void Dispose() => CloseThose(_ => true);

    private void CloseThose(Func<(EventFile File, long Step, bool IsOver), bool> which)
    {
        foreach (var (name, file) in _files.Where(one => which(one.Value)).ToList())
        {
            _files.Remove(name);
            file.File.Dispose();
        }
    }

    /// <summary>A name as folders may have it.</summary>
    private static string NameOfFolder(string name)
        => string.Join('-', new string([.. name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : ' ')]).Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private void Try(Action write)
    {
        if (_hasFailed)
        {
            return;
        }

        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _hasFailed = true;
            failed?.Invoke($"--tensorboard: nothing more is written: {exception.Message}");
        }
    }
}
