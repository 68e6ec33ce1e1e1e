using System.Globalization;
using IlqrVae.Data;

namespace IlqrVae.Runs.Files;

/// <summary>The folder of a run and the files in it.</summary>
/// <param name="Root">The folder.</param>
public sealed record RunFolder(string Root)
{
    /// <summary>The completed configuration.</summary>
    public string Configuration => Path.Combine(Root, "config.yaml");

    /// <summary>The best parameters so far.</summary>
    public string Model => Path.Combine(Root, "model.h5");

    /// <summary>The state of training.</summary>
    public string Checkpoint => Path.Combine(Root, "checkpoint.h5");

    /// <summary>The state of training a checkpoint before, for when the last one is damaged.</summary>
    public string CheckpointBefore => Path.Combine(Root, "checkpoint-before.h5");

    /// <summary>A checkpoint that was found damaged.</summary>
    public string DamagedCheckpoint => Path.Combine(Root, "checkpoint-damaged.h5");

    /// <summary>With which program, on which machines and of which recording it was made.</summary>
    public string Origin => Path.Combine(Root, "origin.json");

    /// <summary>The history as a table.</summary>
    public string History => Path.Combine(Root, "history.csv");

    /// <summary>The history as JSON lines.</summary>
    public string HistoryLines => Path.Combine(Root, "history.jsonl");

    /// <summary>What was learned about the intervals of the model.</summary>
    public string Calibration => Path.Combine(Root, "calibration.json");

    /// <summary>What happened and when.</summary>
    public string Log => Path.Combine(Root, "log.txt");

    /// <summary>The run on one page.</summary>
    public string Report => Path.Combine(Root, "report.html");

    /// <summary>What a fit tried before it trained this run, as a table.</summary>
    public string Tried => Path.Combine(Root, "fit.csv");

    /// <summary>A folder of what a fit has tried so far, by which it can be gone on with; gone when it is complete.</summary>
    public string Search => Path.Combine(Root, "fit-search");

    /// <summary>The file that a training keeps open while it is at work here.</summary>
    public string Lock => Path.Combine(Root, ".lock");

    /// <summary>Whether the folder holds a run.</summary>
    public bool HoldsRun => File.Exists(Model) || HoldsCheckpoint;

    /// <summary>Whether there is a checkpoint to go on from.</summary>
    public bool HoldsCheckpoint => File.Exists(Checkpoint) || File.Exists(CheckpointBefore);

    /// <summary>The configuration of a run given as its folder, or the configuration file itself.</summary>
    /// <param name="path">What the user gave.</param>
    public static string ConfigurationOf(string path) => Directory.Exists(path) ? new RunFolder(path).Configuration : path;

    /// <summary>The model file of a run given as its folder, or as the model file itself.</summary>
    /// <param name="run">What the user gave.</param>
    /// <exception cref="InputException">There is no model there.</exception>
    public static string ModelOf(string run)
    {
        if (!Directory.Exists(run))
        {
            return File.Exists(run) ? run : throw new InputException($"{run}: there is no such run; give the folder that 'ilqr-vae train' wrote, or its model.h5.");
        }

        var model = new RunFolder(run).Model;
        return File.Exists(model) ? model : throw new InputException($"{run}: this folder holds no model.h5; give the folder that 'ilqr-vae train' wrote.");
    }

    /// <summary>Whether a file is one of a run's own, beside its model or checkpoint.</summary>
    /// <param name="path">Full path of the file, which need not exist.</param>
    public static bool Owns(string path)
    {
        var folder = new RunFolder(Path.GetDirectoryName(path) ?? "");
        string[] own = [folder.Configuration, folder.Model, folder.Checkpoint, folder.CheckpointBefore, folder.Origin, folder.History, folder.HistoryLines, folder.Calibration, folder.Log, folder.Tried, folder.Lock];
        return folder.HoldsRun && own.Contains(path, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Puts this run in the place of another, whose run is lost. Stopped in between, the same again does the rest.</summary>
    /// <param name="other">The other folder, which paths in this run's configuration are relative to.</param>
    internal void MoveTo(RunFolder other)
    {
        // A run is told by its model or checkpoint: stopped in between, this leaves the one or the other, or none. The model goes last.
        if (File.Exists(Checkpoint))
        {
            File.Delete(other.Model);
            other.DeleteCheckpoints();
            File.Delete(other.Calibration);
        }

        foreach (var (from, to) in new[] { (Configuration, other.Configuration), (Origin, other.Origin), (History, other.History), (HistoryLines, other.HistoryLines), (Log, other.Log), (CheckpointBefore, other.CheckpointBefore), (Checkpoint, other.Checkpoint), (Model, other.Model) })
        {
            if (File.Exists(from))
            {
                File.Move(from, to, overwrite: true);
            }
        }
    }

    /// <summary>Deletes all states of training.</summary>
    internal void DeleteCheckpoints()
    {
        // The last one last: stopped in between, the folder still says that it holds a run.
        File.Delete(DamagedCheckpoint);
        File.Delete(CheckpointBefore);
        File.Delete(Checkpoint);
    }

    /// <summary>Makes the folder.</summary>
    /// <exception cref="InputException">It cannot be made.</exception>
    public void Create()
    {
        if (File.Exists(Root))
        {
            throw new InputException($"{Root}: this is a file; give the name of a folder for the run.");
        }

        try
        {
            Directory.CreateDirectory(Root);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or NotSupportedException or ArgumentException || AtomicFile.IsReadOnly(exception))
        {
            throw new InputException($"{Root}: the folder cannot be made; choose another with -o.", exception);
        }
    }

    /// <summary>Adds a line to the log.</summary>
    /// <param name="text">What happened.</param>
    public void Write(string text)
        => File.AppendAllText(Log, string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd HH:mm:ss}Z  {Wording.Printable(text)}\n"));
}
