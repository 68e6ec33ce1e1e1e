using System.Text;
using IlqrVae.Data;
using IlqrVae.Data.Tests;
using IlqrVae.Models;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;
using IlqrVae.Training;

namespace IlqrVae.Runs.Tests;

/// <summary>Files of this program that somebody damaged, by bytes or by what they say: an answer or one line, quickly and in little memory, whatever is in them.</summary>
public sealed class HostileFiles(HostileFiles.Whole whole) : IClassFixture<HostileFiles.Whole>
{
    private const string Configuration = "configuration";

    /// <summary>Half of those of a reader: by their bytes, and by what they say.</summary>
    private static readonly int s_copies = Mutations.Copies(1000);

    private readonly Recording _recording = whole.Recording;

    /// <summary>One file of each kind, whole.</summary>
    public sealed class Whole : IDisposable
    {
        // In memory where there is such a folder, since thousands of files are written, each down to the disk.
        private readonly string _folder = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"ilqr-vae-hostile-{Guid.NewGuid():N}")).FullName;

        public Whole()
        {
            RecordingFile.Write(At("data.h5"), Recording);
            TrainingSession.Run(Settings, Recording, new RunFolder(At("run")), new TrainingRequest("the example"));
            var found = InferenceSession.Run(At("run"), At("data.h5"), Recording, new InferenceRequest { Split = "all" });
            PosteriorFile.Write(At("posterior.h5"), found.Description, found.Trials, found.Estimates, found.Hidden, origin: PosteriorOrigin.Of(ModelFile.Read(At("run/model.h5")).Raw, Recording, byPosition: false));
        }

        public Recording Recording { get; } = Example.Recording();

        public RunConfiguration Settings => new()
        {
            Data = At("data.h5"),
            Model = new ModelSpecification { States = 3, Inputs = 2 },
            Training = new TrainingOptions { Iterations = 3, ValidationInterval = 1, Threads = 1 },
        };

        public string At(string name) => Path.Combine(_folder, name);

        public void Dispose() => Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("data.h5")]
    [InlineData("run/model.h5")]
    [InlineData("run/checkpoint.h5")]
    [InlineData("posterior.h5")]
    public void Bytes_may_be_anything(string name)
    {
        // Without the checksum behind its end, for else nobody would read further.
        var bytes = File.ReadAllBytes(At(name));
        bytes = bytes.AsSpan().IndexOf("ilqr-vae sha256:"u8) is > 0 and var end ? bytes[..end] : bytes;
        var (read, refused) = (Reader(name), 0);
        File.WriteAllBytes(At("copy.h5"), bytes);
        Assert.True(read(At("copy.h5")) > 0);
        foreach (var seed in Mutations.Seeds(s_copies))
        {
            File.WriteAllBytes(At("copy.h5"), Mutations.Of(bytes, new Random(seed), headerBytes: 4096));
            refused += Mutations.Try(seed, (name, () => read(At("copy.h5"))));
        }

        Mutations.Tell($"{name}, bytes", s_copies, refused);
        Assert.InRange(refused, s_copies / 20, s_copies);
    }

    [Theory]
    [InlineData("data.h5")]
    [InlineData("run/model.h5")]
    [InlineData("run/checkpoint.h5")]
    [InlineData("posterior.h5")]
    public void So_may_what_they_say_with_a_checksum_that_is_right(string name)
    {
        var tree = MutatedTree.Read(
            At(name), "format", "version", "bin_width", "source", "kind", "unit", "order", "fingerprint", "capacity", "seed", "precision", "iteration", "iterations", "seconds", "validation_loss", "constraint",
            "untrained_loss", "best_loss", "best_iteration", "validations_without_improvement", "usual_gradient_norm", "bad_iterations", "lost_validations", "recoveries", "updates", "model", "recording", "by_position",
            "hidden", "seconds_of_recording", "posterior_scale", "noise_scale");
        Assert.True(tree.Tables.Count > 5 && tree.Attributes.Count > 3);
        var (read, refused) = (Reader(name), 0);
        MutatedTree.Unchanged(tree).Save(At("copy.h5"), withChecksum: name is not ("data.h5" or "posterior.h5"));
        Assert.True(read(At("copy.h5")) > 0);
        foreach (var seed in Mutations.Seeds(s_copies))
        {
            MutatedTree.Change(tree, new Random(seed)).Save(At("copy.h5"), withChecksum: name is not ("data.h5" or "posterior.h5"));
            refused += Mutations.Try(seed, (name, () => read(At("copy.h5"))));
        }

        Mutations.Tell($"{name}, what it says", s_copies, refused);
        Assert.InRange(refused, s_copies / 10, s_copies);
    }

    [Theory]
    [InlineData(Configuration)]
    [InlineData("run/origin.json")]
    [InlineData("run/history.csv")]
    [InlineData("run/history.jsonl")]
    public void Texts_may_say_anything(string name)
    {
        var bytes = name == Configuration ? Encoding.UTF8.GetBytes(ConfigurationFile.Write(Settings())) : File.ReadAllBytes(At(name));
        var text = Encoding.UTF8.GetString(bytes);
        var (read, refused) = (Reader(name), 0);
        Assert.True(read(Written(bytes)) > 0);
        foreach (var seed in Mutations.Seeds(2 * s_copies))
        {
            var random = new Random(seed);
            var path = Written(random.Next(2) == 0 ? Mutations.Of(bytes, random, headerBytes: bytes.Length) : Encoding.UTF8.GetBytes(MutatedText.Of(text, random)));
            refused += Mutations.Try(seed, (name, () => read(path)));
        }

        Mutations.Tell(name, 2 * s_copies, refused);
        Assert.InRange(refused, name is Configuration ? s_copies / 4 : 0, 2 * s_copies);

        string Written(byte[] copy)
        {
            File.WriteAllBytes(At("copy.txt"), copy);
            return At("copy.txt");
        }
    }

    private string At(string name) => whole.At(name);

    private RunConfiguration Settings() => whole.Settings;

    private Func<string, int> Reader(string name) => name switch
    {
        "data.h5" => path => RecordingFile.Read(path).Trials.Count,
        "run/model.h5" => path =>
        {
            var (description, raw, _) = ModelFile.Read(path);
            return ModelFile.Build<double>(path, description, raw).Parameters.RawCount > 0 ? 1 : 0;
        },
        "run/checkpoint.h5" => path =>
        {
            CheckpointFile.ReadOrigin(path);
            var trainer = Fresh();
            trainer.Resume(CheckpointFile.Read(path, trainer.State));
            return 1;
        },
        "posterior.h5" => ReaderOfPosteriors(),
        "run/origin.json" => path =>
        {
            var folder = Directory.CreateDirectory(At("origin"));
            File.Copy(path, Path.Combine(folder.FullName, "origin.json"), overwrite: true);
            return RunOrigin.Read(new RunFolder(folder.FullName))!.Stretches.Count;
        },
        "run/history.csv" => path => (HistoryFile.ReadIfAny(path)?.Count ?? 0) + HistoryFile.Past.Read(path, At("none"), 2).Rows.Count,
        "run/history.jsonl" => path => HistoryFile.Past.Read(At("none"), path, 2).Objects.Count,
        _ => path => ConfigurationFile.Read(path).CompletedFor(_recording).Training.Iterations,
    };

    private Func<string, int> ReaderOfPosteriors()
    {
        var (description, raw, _) = ModelFile.Read(At("run/model.h5"));
        var origin = PosteriorOrigin.Of(raw, _recording, byPosition: false);
        return path =>
        {
            var (split, hidden) = PosteriorFile.ContentsOf(path, description);
            var solutions = PosteriorSolutions.Read(path, description, origin, new InferenceRequest { Hidden = hidden }, "data.h5");
            solutions.RequireAll(_recording.Trials, split);
            return _recording.Trials.Sum(trial => solutions.Of(trial).Variables.Length);
        };
    }

    private Trainer<double> Fresh()
    {
        var completed = Settings().CompletedFor(_recording);
        return new Trainer<double>(ModelDescription.Of(completed, _recording).Build<double>(), _recording, completed.Training);
    }
}
