using IlqrVae.Recordings;

namespace IlqrVae.Data;

/// <summary>How to read a file of any kind; only what belongs to its kind is used.</summary>
public sealed record RecordingImportOptions
{
    /// <summary>For MATLAB files.</summary>
    public MatImportOptions Mat { get; init; } = new();

    /// <summary>For HDF5 files in the layout of the LFADS tutorials.</summary>
    public LfadsImportOptions Lfads { get; init; } = new();
}

/// <summary>Makes a recording of a file of any kind that is read, telling the kind by the content and not by the name.</summary>
public static class RecordingImport
{
    private const string Accepted =
        "a dataset file (HDF5 written by this program), a MATLAB file (.mat of level 5 or 7.3) or an LFADS file (HDF5 with train_data)";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How to read it; null for the defaults.</param>
    /// <exception cref="InputException">The file is of no kind that is read, or it is faulty; the message lists the kinds.</exception>
    public static Recording Import(string path, RecordingImportOptions? options = null)
    {
        options ??= new RecordingImportOptions();
        var header = new byte[MatFile.HeaderBytes];
        bool isHdf5;
        int length;
        using (var stream = InputFile.Open(path))
        {
            length = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
            isHdf5 = Hdf5Signature.IsIn(stream);
        }

        var isMat = MatFile.IsHeader(header.AsSpan(0, length)) && header.AsSpan().StartsWith("MATLAB"u8);
        var isNamedMat = path.EndsWith(".mat", StringComparison.OrdinalIgnoreCase);
        if (isMat)
        {
            return MatImport.Import(path, options.Mat);
        }

        if (isHdf5)
        {
            using var archive = Hdf5Archive.Open(path);
            if (RecordingFile.IsDataset(archive))
            {
                return RecordingFile.Read(archive);
            }

            if (LfadsImport.IsLfads(archive))
            {
                return LfadsImport.Import(archive, options.Lfads);
            }

            if (isNamedMat)
            {
                return MatImport.Import(path, options.Mat);
            }

            throw new InputException($"{path}: this HDF5 file has {Messages.Names(archive.Children("/"))}, which is no known layout; give {Accepted}.");
        }

        throw isNamedMat
            ? new InputException($"{path}: this is not a MATLAB file of level 5 or 7.3, whatever its name; save it in MATLAB with -v7, or give {Accepted}.")
            : new InputException($"{path}: the kind of this file is not known; give {Accepted}.");
    }
}
