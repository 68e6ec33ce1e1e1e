using IlqrVae.Data;
using IlqrVae.Recordings;

namespace IlqrVae.Cli.Tests;

/// <summary>Every wrong input: exit code 2, one line that says what, where and how to mend, nothing on standard output, nothing left behind.</summary>
public sealed class Faults : IDisposable
{
    private readonly CommandLine _line = new();

    public Faults()
    {
        var recording = Good();
        RecordingFile.Write(_line["data.h5"], recording);
        _line.Write("good.yaml", "data: data.h5\nmodel: {states: 2, inputs: 1}\ntraining: {iterations: 2}\n");
    }

    public static TheoryData<string, string, string[]> CommandLines => new()
    {
        { "", "trian", ["trian", "train"] },
        { "", "frobnicate", ["frobnicate", "demo"] },
        { "", "--frob", ["--frob"] },
        { "", "train", ["CONFIG", "--help"] },
        { "", "train @/good.yaml extra", ["extra"] },
        { "", "train @/good.yaml --iteration 3", ["--iteration", "--iterations"] },
        { "", "train @/good.yaml --iterations three", ["--iterations", "three", "whole number"] },
        { "", "train @/good.yaml --iterations 0", ["--iterations", "0"] },
        { "", "train @/good.yaml --threads -1", ["--threads"] },
        { "", "train @/good.yaml --stop-after 0", ["--stop-after"] },
        { "", "train @/nothing.yaml", ["nothing.yaml", "no such file"] },
        { "", "train @/good.yaml --resume", ["good", "no checkpoint"] },
        { "", "train @/good.yaml -o @/data.h5", ["data.h5", "file"] },
        { "", "demo lorentz", ["lorentz", "lorenz"] },
        { "", "simulate lorenz", ["--output"] },
        { "", "simulate lorenz -o @/x.h5 --bins -3", ["bins", "-3"] },
        { "", "simulate lorenz -o @/x.h5 --bin-width 0", ["bin width", "0"] },
        { "", "simulate lorenz -o @/x.h5 --pieces 2", ["--pieces", "lorenz"] },
        { "", "simulate linear -o @/no/x.h5", ["x.h5", "folder"] },
        { "", "simulate circle -o @/x.h5", ["circle", "lorenz"] },
        { "", "import @/nothing.mat -o @/x.h5", ["nothing.mat", "no such file"] },
        { "", "import @/good.yaml -o @/x.h5", ["good.yaml", "kind"] },
        { "", "import @/data.h5 -o @/x.h5 --values velocity", ["--values", "velocity"] },
        { "", "inspect @/nothing.h5", ["nothing.h5", "no such file"] },
        { "", "inspect @/good.yaml", ["good.yaml", "HDF5"] },
        { "", "inspect @/", ["model.h5"] },
        { "", "infer @/nothing --data @/data.h5 -o @/p.h5", ["nothing", "no such run"] },
        { "", "infer @/data.h5 --data @/data.h5 -o @/p.h5", ["data.h5", "model"] },
        { "", "infer @/good.yaml --data @/data.h5", ["--output"] },
        { "", "infer @/good.yaml --data @/data.h5 -o @/no/p.h5", ["p.h5", "folder"] },
        { "", "infer @/good.yaml --data @/data.h5 -o @/data.h5", ["data.h5", "dataset itself"] },
        { "", "evaluate @/nothing --data @/data.h5", ["nothing", "no such run"] },
        { "", "evaluate @/nothing --data @/data.h5 --draws 0", ["--draws"] },
        { "", "evaluate @/nothing --data @/data.h5 --split some", ["some", "test"] },
        { "", "evaluate @/nothing --data @/data.h5 --iwae 0", ["--iwae", "1000000"] },
        { "", "evaluate @/nothing --data @/data.h5 --horizon 30,x", ["--horizon", "30,x", "30,50"] },
        { "", "evaluate @/nothing --data @/data.h5 --horizon 0", ["--horizon", "from 1"] },
        { "", "evaluate @/nothing --data @/data.h5 --energy-at 1,,2", ["--energy-at", "1,,2"] },
        { "", "evaluate @/nothing --data @/data.h5 --energy-window -1", ["--energy-window", "from 0"] },
        { "", "evaluate @/nothing --data @/data.h5 --free-run 1", ["--free-run", "from 2"] },
        { "", "evaluate @/nothing --data @/data.h5 --forecast 0", ["--forecast", "from 1"] },
        { "", "simulate maze -o @/x.h5 --channels 4 --held-out 4", ["held-out", "4"] },
        { "", "simulate maze -o @/x.h5 --motor-variability -1", ["motor variability", "-1"] },
        { "", "simulate lorenz -o @/x.h5 --held-out 4", ["--held-out", "lorenz"] },
        { "", "simulate linear -o @/x.h5 --input-coefficient 1", ["input coefficient", "1"] },
        { "", "simulate linear -o @/x.h5 --rotations 5", ["rotations", "5"] },
        { "", "bench --precision single", ["--precision", "--long"] },
    };

    public static TheoryData<string, string, string[]> Configurations => new()
    {
        { "empty", "", ["data: FILE"] },
        { "list", "- data.h5", ["keys"] },
        { "no data", "seed: 1", ["'data'", "missing"] },
        { "no such data", "data: nothing.h5", ["nothing.h5", "no such file"] },
        { "no YAML", "data: data.h5\n  model: {", ["line 2", "YAML"] },
        { "key twice", "data: data.h5\ndata: data.h5", ["line 2"] },
        { "unknown key", "data: data.h5\ntraining:\n  batchs: 3", ["line 3", "batchs", "'batch'"] },
        { "key elsewhere", "data: data.h5\nstates: 3", ["line 2", "states"] },
        { "underscore", "data: data.h5\ntraining:\n  learning_rate: 1", ["learning_rate", "'learning-rate'"] },
        { "no states", "data: data.h5\nmodel:\n  states: 0", ["line 3", "model.states", "'0'", "from 1 to 4096"] },
        { "half a state", "data: data.h5\nmodel: {states: 2.5}", ["line 2", "model.states"] },
        { "states of text", "data: data.h5\nmodel: {states: many}", ["model.states", "many"] },
        { "states of list", "data: data.h5\nmodel: {states: [1]}", ["model.states"] },
        { "section of text", "data: data.h5\nmodel: mini-gru", ["model", "section"] },
        { "dynamics", "data: data.h5\nmodel: {dynamics: {kind: lstm}}", ["lstm", "mini-gru"] },
        { "degrees of freedom", "data: data.h5\nmodel: {prior: {degrees-of-freedom: 2}}", ["degrees-of-freedom", "above 2"] },
        { "learning rate", "data: data.h5\ntraining: {learning-rate: -1}", ["learning-rate", "positive"] },
        { "learning rate of NaN", "data: data.h5\ntraining: {learning-rate: NaN}", ["learning-rate", "positive"] },
        { "iterations", "data: data.h5\ntraining: {iterations: 0}", ["iterations"] },
        { "precision", "data: data.h5\nprecision: half", ["precision", "double or single"] },
        { "seed", "data: data.h5\nseed: -1", ["seed"] },
        { "flag", "data: data.h5\nmodel: {dynamics: {kind: linear, stable: maybe}}", ["stable", "true or false"] },
        { "group", "data: data.h5\nmodel: {likelihoods: [{group: lfp}]}", ["config.yaml", "lfp", "'spikes'"] },
        { "group twice", "data: data.h5\nmodel: {likelihoods: [{group: spikes}, {group: spikes}]}", ["two entries"] },
        { "group without name", "data: data.h5\nmodel: {likelihoods: [{kind: poisson}]}", ["group"] },
        { "no list", "data: data.h5\nmodel: {likelihoods: spikes}", ["list"] },
        { "link", "data: data.h5\nmodel: {likelihoods: [{group: spikes, link: log}]}", ["link", "softplus"] },
        { "gain", "data: data.h5\nmodel: {likelihoods: [{group: spikes, gain: true}]}", ["gain", "softplus"] },
        { "poisson values", "data: data.h5\nmodel: {likelihoods: [{group: velocity, kind: poisson}]}", ["velocity", "gaussian"] },
        { "hides", "data: data.h5\ntraining: {validation-hides: [speed]}", ["speed", "'velocity'"] },
        { "folder as data", "data: .", ["folder"] },
        { "dataset of text", "data: good.yaml", ["good.yaml", "HDF5"] },
    };

    public static TheoryData<string, string[]> Damages => new()
    {
        { "no values", ["values", "spikes"] },
        { "wrong shape", ["/channels/spikes/observed"] },
        { "negative count", ["spikes", "-1", "trial"] },
        { "half a count", ["spikes", "0.5"] },
        { "NaN", ["velocity", "NaN", "observed"] },
        { "no bin width", ["bin_width"] },
        { "zero bin width", ["bin_width", "0"] },
        { "no train trials", ["train"] },
        { "truncated", ["data"] },
        { "unknown split", ["trian", "train"] },
        { "long trial", ["bins", "chunks"] },
    };

    [Theory]
    [MemberData(nameof(CommandLines))]
    public void Wrong_command_lines(string name, string command, string[] mentioned)
        => AssertFault(name, () => _line.Run(command.Split(' ', StringSplitOptions.RemoveEmptyEntries)), mentioned);

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Wrong_configurations(string name, string text, string[] mentioned)
    {
        _line.Write("config.yaml", text);
        AssertFault(name, () => _line.Run("train", "@/config.yaml", "-o", "@/run"), mentioned);
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public void Wrong_datasets(string damage, string[] mentioned)
    {
        Damage(damage);
        AssertFault(damage, () => _line.Run("train", "@/good.yaml", "-o", "@/run", "--json"), mentioned);
    }

    [Fact]
    public void A_run_is_not_replaced_unasked_nor_resumed_with_other_settings_nor_used_on_other_data()
    {
        _line.Must("train", "@/good.yaml", "-o", "@/run");
        AssertFault("run exists", () => _line.Run("train", "@/good.yaml", "-o", "@/run"), ["run", "--resume", "--force"]);
        _line.Must("train", "@/good.yaml", "-o", "@/run", "--force");
        _line.Write("other.yaml", File.ReadAllText(_line["good.yaml"]).Replace("states: 2", "states: 3", StringComparison.Ordinal));
        AssertFault("other states", () => _line.Run("train", "@/other.yaml", "-o", "@/run", "--resume"), ["model.states"]);

        _line.Must("simulate", "lorenz", "-o", "@/lorenz.h5", "--trials", "1", "--bins", "5");
        AssertFault("other data", () => _line.Run("infer", "@/run", "--data", "@/lorenz.h5", "-o", "@/p.h5"), ["lorenz.h5", "'spikes'"]);
        AssertFault("hidden group", () => _line.Run("infer", "@/run", "--data", "@/data.h5", "-o", "@/p.h5", "--hide", "lfp"), ["lfp", "'spikes'"]);
        AssertFault("no such split", () => _line.Run("evaluate", "@/run", "--data", "@/data.h5", "--split", "test"), ["data.h5", "test", "train"]);

        var recording = Good();
        RecordingFile.Write(_line["wide.h5"], WithBinWidth(recording, 0.02));
        AssertFault("bin width", () => _line.Run("evaluate", "@/run", "--data", "@/wide.h5"), ["wide.h5", "0.02", "0.01"]);
        RecordingFile.Write(_line["more.h5"], OfChannels(5));
        AssertFault("channels", () => _line.Run("evaluate", "@/run", "--data", "@/more.h5"), ["more.h5", "spikes", "5"]);

        var bytes = File.ReadAllBytes(_line["run/model.h5"]);
        File.WriteAllBytes(_line["run/model.h5"], bytes[..(bytes.Length / 2)]);
        AssertFault("truncated model", () => _line.Run("evaluate", "@/run", "--data", "@/data.h5"), ["model.h5"]);
        bytes = File.ReadAllBytes(_line["run/checkpoint.h5"]);
        File.WriteAllBytes(_line["run/checkpoint.h5"], bytes[..(bytes.Length / 2)]);
        AssertFault("truncated checkpoint", () => _line.Run("train", "@/run", "--resume", "--iterations", "4"), ["checkpoint.h5"]);
    }

    [Fact]
    public void Help_is_there_for_every_command_with_an_example()
    {
        foreach (var (name, _) in CommandLine.Commands())
        {
            var help = _line.Must([.. name.Split(' '), "--help"]);
            Assert.Contains("Example", help, StringComparison.Ordinal);
            Assert.Contains($"ilqr-vae {name} ", help, StringComparison.Ordinal);

            // What these print is for other programs as it is, or nothing but that it was done.
            Assert.True(help.Contains("--json", StringComparison.Ordinal) || name is "config schema" or "config trust" or "completions", name);
        }

        Assert.Contains("demo", _line.Must(), StringComparison.Ordinal);
    }

    public void Dispose() => _line.Dispose();

    private void AssertFault(string name, Func<Outcome> run, string[] mentioned)
    {
        var before = _line.Files();
        var outcome = run();
        Assert.True(outcome.ExitCode == 2, $"{name}: {outcome}");
        Assert.True(outcome.Output.Length == 0, $"{name}: {outcome.Output}");
        var message = outcome.Error.TrimEnd('\r', '\n');
        Assert.DoesNotContain('\n', message);
        foreach (var word in mentioned)
        {
            Assert.Contains(word, message, StringComparison.Ordinal);
        }

        Assert.Equal(before, _line.Files());
    }

    private void Damage(string damage)
    {
        var spikes = new double[60];
        var velocity = new double[40];
        var archive = new Hdf5Archive();
        archive.SetAttribute("/", "format", "ilqr-vae dataset");
        archive.SetAttribute("/", "version", 1L);
        if (damage != "no bin width")
        {
            archive.SetAttribute("/", "bin_width", damage == "zero bin width" ? 0.0 : 0.01);
        }

        spikes[3] = damage switch { "negative count" => -1, "half a count" => 0.5, _ => 0 };
        velocity[5] = damage == "NaN" ? double.NaN : 0;
        archive.Add("trials/first_bin", new long[] { 0, 10 });
        archive.Add("trials/bins", new long[] { 10, 10 });
        archive.Add("trials/name", ["a", "b"]);
        archive.Add("trials/split", [damage switch { "no train trials" => "test", "unknown split" => "trian", _ => "train" }, "test"]);
        if (damage != "no values")
        {
            archive.Add("channels/spikes/values", spikes, 20, 3);
            archive.SetAttribute("channels/spikes/values", "kind", "counts");
        }

        if (damage == "wrong shape")
        {
            archive.Add("channels/spikes/observed", new byte[40], 20, 2);
        }
        else if (damage == "no values")
        {
            archive.Add("channels/spikes/observed", new byte[60], 20, 3);
        }

        archive.Add("channels/velocity/values", velocity, 20, 2);
        archive.SetAttribute("channels/velocity/values", "kind", "values");
        if (damage == "long trial")
        {
            RecordingFile.Write(_line["data.h5"], new Recording
            {
                BinWidth = 0.01,
                Groups = [new ChannelGroup("spikes", ChannelKind.Counts, 1)],
                Trials = [new Trial { Name = "a", Bins = 5000, Observations = [Observations.FromCounts(new Table(5000, 1))] }],
            });
            return;
        }

        archive.Save(_line["data.h5"]);
        if (damage == "truncated")
        {
            var bytes = File.ReadAllBytes(_line["data.h5"]);
            File.WriteAllBytes(_line["data.h5"], bytes[..(bytes.Length / 2)]);
        }
    }

    private static Recording Good() => OfChannels(3);

    private static Recording OfChannels(int channels)
    {
        var trials = new List<Trial>();
        foreach (var (name, k) in new[] { "first", "second", "third" }.Select((name, k) => (name, k)))
        {
            var counts = new Table(8, channels);
            var velocity = new Table(8, 2);
            for (var i = 0; i < counts.Values.Length; i++)
            {
                counts.Values[i] = (i + k) % 3;
            }

            for (var i = 0; i < velocity.Values.Length; i++)
            {
                velocity.Values[i] = Math.Sin(i + k);
            }

            trials.Add(new Trial
            {
                Name = name,
                Bins = 8,
                Split = k == 2 ? TrialSplit.Validation : TrialSplit.Train,
                Observations = [Observations.FromCounts(counts), Observations.FromValues(velocity)],
            });
        }

        return new Recording
        {
            BinWidth = 0.01,
            Groups = [new ChannelGroup("spikes", ChannelKind.Counts, channels), new ChannelGroup("velocity", ChannelKind.Values, 2, "m/s")],
            Trials = trials,
        };
    }

    private static Recording WithBinWidth(Recording recording, double width)
        => new() { BinWidth = width, Groups = recording.Groups, Trials = recording.Trials };
}
