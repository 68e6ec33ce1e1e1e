using IlqrVae.Models;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;
using IlqrVae.Training;

namespace IlqrVae.Runs.Tests;

/// <summary>A model of the example recording, learned in a few iterations in a folder of its own.</summary>
public sealed class LearnedExample : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-runs-");

    public LearnedExample()
    {
        TrainingSession.Run(
            new RunConfiguration
            {
                Data = this["data.h5"],
                Model = new ModelSpecification { States = 3, Inputs = 2 },
                Training = new TrainingOptions { Iterations = 3, ValidationInterval = 1, Threads = 1 },
            },
            Recording,
            new RunFolder(this["run"]),
            new TrainingRequest("the example"));
    }

    public Recording Recording { get; } = Example.Recording();

    public string this[string name] => Path.Combine(_folder.FullName, name);

    public InferenceResult Infer(InferenceRequest request) => InferenceSession.Run(this["run"], "data.h5", Recording, request);

    public void Dispose() => _folder.Delete(recursive: true);
}
