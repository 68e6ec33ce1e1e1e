using IlqrVae.Data;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;
using IlqrVae.Runs.Tests.Examples;
using IlqrVae.Simulation;

namespace IlqrVae.Runs.Tests;

/// <summary>What programs of users do: the ten lines of the documentation, and dynamics and links of their own.</summary>
public sealed class Programs : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-runs-");

    private string Data => Path.Combine(_folder.FullName, "data.h5");

    private RunFolder Folder => new(Path.Combine(_folder.FullName, "run"));

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void The_ten_lines_of_the_documentation_train_save_load_and_infer()
    {
        RecordingFile.Write(Data, Simulations.Lorenz(LorenzOptions.Spiking with { Trials = 8, ValidationTrials = 2, TestTrials = 2, Bins = 20, Channels = 10 }));
        TenLines.Run([Data, Folder.Root]);
        Assert.Equal(200, ModelFile.Read(Folder.Model).Summary.Iterations);
        using var posterior = Hdf5Archive.Open(Path.Combine(Folder.Root, "posterior.h5"));
        Assert.Equal([40, 8], posterior.ShapeOf("states/mean"));
    }

    [Fact]
    public void The_page_shows_the_code_that_is_run_here()
    {
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "library.md")).ReplaceLineEndings("\n");
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Examples", "TenLines.cs"));
        var code = lines.Where(line => line.StartsWith("using ", StringComparison.Ordinal)).Append("").Concat(lines.Where(line => line.StartsWith("        ", StringComparison.Ordinal)).Select(line => line.Trim()));
        Assert.Contains(string.Join('\n', code), page, StringComparison.Ordinal);
    }

    /// <summary>Dynamics and a link of this assembly, named in a configuration, with a setting; the model file makes them anew.</summary>
    [Fact]
    public void Kinds_of_users_are_configured_saved_and_loaded_by_name()
    {
        RecordingFile.Write(Data, Simulations.Lorenz(LorenzOptions.Spiking with { Trials = 6, ValidationTrials = 2, TestTrials = 2, Bins = 20, Channels = 10 }));
        var assembly = Path.GetRelativePath(_folder.FullName, typeof(Programs).Assembly.Location);
        var path = Path.Combine(_folder.FullName, "config.yaml");
        File.WriteAllText(path, $$"""
            data: data.h5
            extensions: ["{{assembly}}"]
            model:
              dynamics: {kind: leaky-pair, leak: 0.3}
              likelihoods: [{group: spikes, link: squared}]
            training: {iterations: 3}
            """);
        var configuration = ConfigurationFile.Read(path);
        TrainingSession.Run(configuration, RecordingFile.Read(Data), Folder, new TrainingRequest(path), interrupt: TestContext.Current.CancellationToken);

        var (description, raw, _) = ModelFile.Read(Folder.Model);
        var dynamics = Assert.IsType<CustomDynamicsSpecification>(description.Configuration.Model.Dynamics);
        Assert.Equal(0.3, Assert.IsType<LeakyPair>(dynamics.Create()).Leak);
        Assert.Equal((2, 1), (description.Configuration.Model.States, description.Configuration.Model.Inputs));
        Assert.IsType<SquaredLink>(Assert.IsType<PoissonSpecification>(description.Configuration.Model.Likelihoods[0]).Link);
        var model = ModelFile.Build<double>(Folder.Model, description, raw);
        Assert.Equal("leaky-pair", model.Generative.Dynamics.Kind);
        var found = InferenceSession.Run(Folder.Root, Data, RecordingFile.Read(Data), new InferenceRequest { Split = "test" }, interrupt: TestContext.Current.CancellationToken);
        Assert.All(found.Estimates, estimate => Assert.True(double.IsFinite(estimate.LogEvidence)));

        // Resumed, it is the same run; with another setting it is not.
        var longer = configuration with { Training = configuration.Training with { Iterations = 5 } };
        Assert.Equal(5, TrainingSession.Run(longer, RecordingFile.Read(Data), Folder, new TrainingRequest(path, Resume: true), interrupt: TestContext.Current.CancellationToken).Iterations);
        File.WriteAllText(path, File.ReadAllText(path).Replace("leak: 0.3", "leak: 0.2", StringComparison.Ordinal));
        var refusal = Assert.Throws<InputException>(() => TrainingSession.Run(ConfigurationFile.Read(path), RecordingFile.Read(Data), Folder, new TrainingRequest(path, Resume: true), interrupt: TestContext.Current.CancellationToken));
        Assert.Contains("model.dynamics.leak", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("extensions: [nowhere.dll]", "nowhere.dll is not there")]
    [InlineData("extensions: [config.yaml]", "cannot be loaded")]
    [InlineData("model: {dynamics: {kind: leaky-pair}}", "give linear, mini-gru")]
    [InlineData("extensions: [HERE]\nmodel: {states: 7, dynamics: {kind: leaky-pair}}", "have 2 states and 1 inputs")]
    [InlineData("extensions: [HERE]\nmodel: {dynamics: {kind: leaky-pair, leek: 1}}", "did you mean 'leak'")]
    public void Extensions_that_do_not_fit_are_refused(string text, string mentioned)
    {
        RecordingFile.Write(Data, Simulations.Lorenz(LorenzOptions.Spiking with { Trials = 2, ValidationTrials = 0, TestTrials = 0, Bins = 5, Channels = 3 }));
        var path = Path.Combine(_folder.FullName, "config.yaml");
        File.WriteAllText(path, $"data: data.h5\n{text.Replace("HERE", typeof(Programs).Assembly.Location, StringComparison.Ordinal)}\n");
        var refusal = Assert.Throws<InputException>(() => ConfigurationFile.Read(path).CompletedFor(RecordingFile.Read(Data)));
        Assert.Contains(mentioned, refusal.Message, StringComparison.Ordinal);
    }
}
