using IlqrVae.Recordings;

namespace IlqrVae.Data.Import;

/// <summary>A format that recordings are imported from. A new one is a file of its own and a line in <see cref="RecordingImporters.All"/>.</summary>
public interface IRecordingImporter
{
    /// <summary>What the format is, in a phrase to follow "give": "a MATLAB file (.mat of level 5 or 7.3)".</summary>
    string Description { get; }

    /// <summary>The options it takes, by their names on the command line (see <see cref="ImportOptions.Given"/>).</summary>
    IReadOnlyList<string> Options { get; }

    /// <summary>Whether a file is of this format, told by its content.</summary>
    /// <param name="source">The file.</param>
    bool Recognises(ImportSource source);

    /// <summary>Makes a recording of a file of this format.</summary>
    /// <param name="source">The file.</param>
    /// <param name="options">How to read it; only options that the format takes are given.</param>
    /// <exception cref="InputException">The file is faulty or the options do not fit it.</exception>
    ImportedRecording Import(ImportSource source, ImportOptions options);

    /// <summary>Makes one recording of several files of this format; null where each file of the format is a recording by itself.</summary>
    /// <param name="sources">The files, at least two, in the order in which they were given.</param>
    /// <param name="options">How to read them; only options that the format takes are given.</param>
    /// <exception cref="InputException">A file is faulty, the options do not fit it, or the files do not belong together.</exception>
    ImportedRecording? ImportTogether(IReadOnlyList<ImportSource> sources, ImportOptions options) => null;

    /// <summary>Says what is in a file of this format; null where the format has no answer.</summary>
    /// <param name="source">The file.</param>
    /// <exception cref="InputException">The file is faulty.</exception>
    FileContents? Inspect(ImportSource source) => null;
}

/// <summary>A recording as it was imported.</summary>
/// <param name="Recording">The recording, checked.</param>
/// <param name="Remarks">What was decided or left out on the way, a line each.</param>
public sealed record ImportedRecording(Recording Recording, IReadOnlyList<string> Remarks);
