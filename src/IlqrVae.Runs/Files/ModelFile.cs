using System.Numerics;
using IlqrVae.Data;
using IlqrVae.Inference;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;

namespace IlqrVae.Runs.Files;

/// <summary>How a model came about.</summary>
/// <param name="Iteration">Updates behind the parameters.</param>
/// <param name="Iterations">Updates done so far in the run.</param>
/// <param name="Seconds">Seconds of training.</param>
/// <param name="ValidationLoss">Its loss on the validation trials, by the score that the configuration names, in nats per entry; NaN when there was none.</param>
public sealed record TrainingSummary(int Iteration, int Iterations, double Seconds, double ValidationLoss);

/// <summary>One stored parameter.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Columns">Columns.</param>
/// <param name="Constraint">The constraint it meets.</param>
public sealed record StoredParameter(string Name, int Rows, int Columns, string Constraint);

/// <summary>The model file, an HDF5 file described in docs/model-format.md.</summary>
public static class ModelFile
{
    /// <summary>The value of the attribute <c>format</c> by which the file is known.</summary>
    public const string Format = "ilqr-vae model";

    private const long Version = 2;

    /// <summary>The version that knew no names of channels and no fingerprint of the recording.</summary>
    private const long VersionWithoutNames = 1;

    /// <summary>Writes a model, all of it or nothing.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="path">Destination.</param>
    /// <param name="description">What it is.</param>
    /// <param name="model">Its parameters' names, shapes and constraints.</param>
    /// <param name="raw">The flattened raw parameters to write.</param>
    /// <param name="summary">How they came about.</param>
    public static void Write<T>(string path, ModelDescription description, VariationalModel<T> model, double[] raw, TrainingSummary summary)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var archive = new Hdf5Archive();
        archive.SetAttribute("/", "format", Format);
        archive.SetAttribute("/", "version", Version);
        archive.SetAttribute("/", "bin_width", description.BinWidth);
        archive.SetAttribute("/", "fingerprint", description.Fingerprint);
        archive.SetAttribute("/", "capacity", (long)description.Capacity);
        archive.SetAttribute("/", "seed", (long)description.Configuration.Seed);
        archive.SetAttribute("/", "precision", description.Configuration.Precision == Precision.Single ? "single" : "double");
        archive.SetAttribute("/", "iteration", (long)summary.Iteration);
        archive.SetAttribute("/", "iterations", (long)summary.Iterations);
        archive.SetAttribute("/", "seconds", summary.Seconds);
        archive.SetAttribute("/", "validation_loss", summary.ValidationLoss);
        archive.Add("configuration", [ConfigurationFile.Write(description.Configuration)], 1);
        archive.Add("groups/name", [.. description.Groups.Select(group => group.Name)]);
        archive.Add("groups/kind", [.. description.Groups.Select(group => group.Kind == ChannelKind.Counts ? "counts" : "values")]);
        archive.Add("groups/channels", [.. description.Groups.Select(group => (long)group.Channels)]);
        archive.Add("groups/unit", [.. description.Groups.Select(group => group.Unit)]);
        archive.Add("groups/likelihood", [.. model.Generative.Likelihoods.Select(likelihood => likelihood.Kind)]);
        archive.Add("groups/link", [.. description.Configuration.Model.Likelihoods.Select(likelihood => LinkOf(likelihood, description.Configuration.Kinds))]);
        foreach (var group in description.Groups)
        {
            if (group.ChannelNames is { } channelNames)
            {
                archive.Add(ChannelNames(group.Name), [.. channelNames]);
            }
        }

        archive.SetAttribute("/", "seconds_of_recording", description.Recording.Seconds);
        archive.Add("groups/mean", [.. description.Recording.Groups.SelectMany(one => one.Mean)]);
        archive.Add("groups/variance", [.. description.Recording.Groups.SelectMany(one => one.Variance)]);
        if (description.ExternalNames.Count > 0)
        {
            archive.Add("external/names", [.. description.ExternalNames]);
            archive.Add("external/deviation", [.. description.Recording.ExternalDeviations]);
        }

        archive.Add("parameters/name", [.. model.Parameters.All.Select(parameter => parameter.Name)]);
        archive.Add("parameters/raw", (double[])raw.Clone());
        foreach (var parameter in model.Parameters.All)
        {
            var value = new double[parameter.Rows * parameter.Columns];
            parameter.Constraint.Apply(raw.AsSpan(parameter.RawOffset, parameter.Raw.Length), parameter.Rows, parameter.Columns, value);
            var table = $"values/{parameter.Name}";
            archive.Add(table, value, parameter.Rows, parameter.Columns);
            archive.SetAttribute(table, "constraint", parameter.Constraint.Name);
        }

        archive.Save(path, withChecksum: true);
    }

    /// <summary>Whether an open file is a model file.</summary>
    /// <param name="archive">The file.</param>
    public static bool IsModel(Hdf5ArchiveReader archive) => archive.HasAttribute("/", "format") && archive.ReadText("/", "format") == Format;

    /// <summary>Reads what a model is, and its raw parameters.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">It is missing, damaged or no model file.</exception>
    public static (ModelDescription Description, double[] Raw, TrainingSummary Summary) Read(string path)
    {
        using var archive = Hdf5Archive.Open(path);
        return Read(archive);
    }

    /// <summary>Reads what a model is, and its raw parameters.</summary>
    /// <param name="archive">The open file.</param>
    public static (ModelDescription Description, double[] Raw, TrainingSummary Summary) Read(Hdf5ArchiveReader archive)
    {
        var path = archive.Path;
        if (!IsModel(archive))
        {
            throw new InputException($"{path}: this is not a model file; give one written by 'ilqr-vae train'.");
        }

        var version = archive.ReadWhole("/", "version");
        if (version is not (Version or VersionWithoutNames))
        {
            throw new InputException($"{path}: attribute 'version' of '/' is {version} where this program reads {VersionWithoutNames} and {Version}; use a program of the file's version.");
        }

        if (archive.HasChecksum)
        {
            archive.VerifyChecksum();
        }

        var names = archive.ReadStrings("groups/name", -1).Values;
        var kinds = archive.ReadStrings("groups/kind", names.Length).Values;
        var channels = archive.ReadLongs("groups/channels", names.Length).Values;
        var units = archive.ReadStrings("groups/unit", names.Length).Values;
        if (channels.Any(count => count < 1) || channels.Sum(count => (double)count) > int.MaxValue)
        {
            throw new InputException($"{path}: '/groups/channels' has impossible numbers; the file is damaged, train anew.");
        }

        var description = new ModelDescription
        {
            Configuration = ReadConfiguration(archive),
            Recording = ReadRecording(
                archive,
                [.. names.Select((name, i) => new ChannelGroup(name, kinds[i] == "counts" ? ChannelKind.Counts : ChannelKind.Values, (int)channels[i], units[i], ReadChannelNames(archive, name, channels[i])))]),
            Fingerprint = version == Version ? archive.ReadText("/", "fingerprint") : "",
            Capacity = archive.ReadWhole("/", "capacity") is >= 0 and <= int.MaxValue and var capacity ? (int)capacity : 0,
        };
        if (!(description.BinWidth > 0) || !double.IsFinite(description.BinWidth) || description.Capacity < 1 || description.Configuration.Model.Likelihoods.Count != names.Length)
        {
            throw new InputException($"{path}: '/groups', 'bin_width', 'capacity' and '/configuration' do not fit together; the file is damaged, train anew.");
        }

        var summary = new TrainingSummary(
            (int)archive.ReadWhole("/", "iteration"), (int)archive.ReadWhole("/", "iterations"), archive.ReadNumber("/", "seconds"), archive.ReadNumber("/", "validation_loss"));
        return (description, archive.ReadDoubles("parameters/raw", -1).Values, summary);
    }

    /// <summary>The stored parameters' names, shapes and constraints.</summary>
    /// <param name="archive">The open file.</param>
    public static IReadOnlyList<StoredParameter> Parameters(Hdf5ArchiveReader archive)
        => [.. archive.ReadStrings("parameters/name", -1).Values.Select(name =>
        {
            var shape = archive.ReadShape($"values/{name}", rank: 2);
            return new StoredParameter(name, shape[0], shape[1], archive.ReadText($"values/{name}", "constraint"));
        })];

    /// <summary>Makes the model of a file with its parameters.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="path">The file, for messages.</param>
    /// <param name="description">What it is.</param>
    /// <param name="raw">Its raw parameters.</param>
    public static VariationalModel<T> Build<T>(string path, ModelDescription description, double[] raw)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // Every model has so many numbers at least: what a damaged file declares is not made room for.
        var (states, channels, capacity) = ((double)description.Configuration.Model.States, description.Groups.Sum(group => (double)group.Channels), (double)description.Capacity);
        if (states * channels > raw.Length || (description.Configuration.Model.Inputs > 0 && capacity * (capacity - 1) / 2 > raw.Length))
        {
            throw new InputException($"{path}: '/parameters/raw' has {raw.Length} numbers, too few for the model of '/configuration' and 'capacity'; the file is damaged, train anew.");
        }

        VariationalModel<T> model;
        try
        {
            model = description.Build<T>();
        }
        catch (Exception exception) when (exception is ArgumentException or OverflowException)
        {
            throw new InputException($"{path}: no model can be made of '/groups', 'bin_width' and '/configuration'; the file is damaged, train anew.", exception);
        }

        if (model.Parameters.RawCount != raw.Length)
        {
            throw new InputException($"{path}: '/parameters/raw' has {raw.Length} numbers where the model has {model.Parameters.RawCount}; the file is damaged, train anew.");
        }

        model.SetRaw(raw);
        foreach (var parameter in model.Parameters.All)
        {
            if (!AreFinite<T>(parameter.Raw) || !AreFinite<T>(parameter.ExactValue))
            {
                throw new InputException($"{path}: parameter '{parameter.Name}' has a number that is not finite; the file is damaged, so put back a copy of it, or train anew.");
            }
        }

        return model;
    }

    private static bool AreFinite<T>(ReadOnlySpan<double> values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach (var value in values)
        {
            if (!T.IsFinite(T.CreateChecked(value)))
            {
                return false;
            }
        }

        return true;
    }

    private static RecordingSummary ReadRecording(Hdf5ArchiveReader archive, IReadOnlyList<ChannelGroup> groups)
    {
        var externalNames = archive.ContainsTable("external/names") ? archive.ReadStrings("external/names", -1).Values : [];
        var unknown = RecordingSummary.OfUnknown(archive.ReadNumber("/", "bin_width"), groups, externalNames);
        if (!archive.ContainsTable("groups/mean"))
        {
            // Files of former versions have their parameters in units of one.
            return unknown;
        }

        var channels = groups.Sum(group => group.Channels);
        var means = archive.ReadDoubles("groups/mean", channels).Values;
        var variances = archive.ReadDoubles("groups/variance", channels).Values;
        var deviations = externalNames.Length == 0 ? [] : archive.ReadDoubles("external/deviation", externalNames.Length).Values;
        if (!means.All(double.IsFinite) || !variances.Concat(deviations).All(one => one > 0 && double.IsFinite(one)))
        {
            throw new InputException($"{archive.Path}: '/groups/mean', '/groups/variance' and '/external/deviation' are not finite or not positive; the file is damaged, train anew.");
        }

        var first = 0;
        return unknown with
        {
            Seconds = archive.ReadNumber("/", "seconds_of_recording"),
            Groups = [.. groups.Select(group =>
            {
                first += group.Channels;
                return new GroupSummary(group, means[(first - group.Channels)..first], variances[(first - group.Channels)..first]);
            })],
            ExternalDeviations = deviations,
        };
    }

    private static string ChannelNames(string group) => $"channel_names/{group}";

    private static string[]? ReadChannelNames(Hdf5ArchiveReader archive, string group, long channels)
        => archive.ContainsTable(ChannelNames(group)) ? archive.ReadStrings(ChannelNames(group), (int)channels).Values : null;

    private static RunConfiguration ReadConfiguration(Hdf5ArchiveReader archive)
    {
        // Files of former versions hold every key of every kind.
        var folder = Path.GetDirectoryName(Path.GetFullPath(archive.Path)) ?? "";
        var configuration = ConfigurationFile.Parse(archive.ReadStrings("configuration", 1).Values[0], $"{archive.Path}: '/configuration'", folder, isOld: true);
        return configuration with { Training = configuration.Training with { Seed = configuration.Seed } };
    }

    /// <summary>The name of a likelihood's link; empty where it has none.</summary>
    private static string LinkOf(LikelihoodSpecification likelihood, ModelKinds kinds)
        => likelihood.SettingsAmong(kinds).FirstOrDefault(setting => setting.Key == "link")?.Write(likelihood) ?? "";
}
