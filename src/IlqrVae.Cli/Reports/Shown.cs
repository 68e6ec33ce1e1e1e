using IlqrVae.Data;
using IlqrVae.Data.Import;
using IlqrVae.Reports;
using IlqrVae.Runs.Files;

namespace IlqrVae.Cli.Reports;

/// <summary>What a user names to be shown: a run with its data, or a dataset by itself.</summary>
internal static class Shown
{
    /// <summary>Opens it; nothing is inferred yet.</summary>
    /// <param name="path">The run or the dataset.</param>
    /// <param name="data">The dataset of a run; null for the one it was learned from.</param>
    /// <param name="request">What is to be shown.</param>
    /// <param name="terminal">Where progress is told.</param>
    /// <exception cref="InputException">It is neither, or is damaged, or they do not fit.</exception>
    public static RecordingSource Open(string path, string? data, ReportRequest request, Terminal terminal)
    {
        if (!Directory.Exists(path) && terminal.During($"looking at {Path.GetFileName(path)}", () => IsDataset(path)))
        {
            return data is null
                ? new RecordingSource(terminal.Read(path), path)
                : throw new InputException($"--data: {path} is a dataset itself; give a run and --data, or leave the option out.");
        }

        var model = RunFolder.ModelOf(path);
        // A run knows where its data are from its own folder.
        var file = data ?? Path.GetRelativePath(Directory.GetCurrentDirectory(), Path.Combine(Path.GetDirectoryName(Path.GetFullPath(model)) ?? "", ModelFile.Read(model).Description.Configuration.Data));
        if (data is null && !File.Exists(file))
        {
            throw new InputException($"{path}: the run was learned from {file}, which is not there; say where it is with --data.");
        }

        return ReportSource.Open(path, file, terminal.Read(file), request, terminal.OfInference(), terminal.Interrupt);
    }

    private static bool IsDataset(string path)
    {
        if (!File.Exists(path))
        {
            throw new InputException($"{path}: there is no such run or dataset.");
        }

        if (RecordingImporters.Inspect(path) is not null)
        {
            throw new InputException($"{path}: this is a file to import; make a dataset of it with 'ilqr-vae import'.");
        }

        using var archive = Hdf5Archive.Open(path);
        return (archive.HasAttribute("/", "format") ? archive.ReadText("/", "format") : "") switch
        {
            "ilqr-vae dataset" => true,
            ModelFile.Format => false,
            _ => throw new InputException($"{path}: this is neither a run nor a dataset; give the folder of a run, its model.h5, or what 'ilqr-vae import' wrote."),
        };
    }
}
