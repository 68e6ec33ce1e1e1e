using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Priors;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;
using IlqrVae.Training;

namespace IlqrVae.Reports.Tests;

/// <summary>Runs learned in a few iterations, each in a folder of its own.</summary>
internal sealed class Learned : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-reports-");

    public string Folder => Path.Combine(_folder.FullName, "run");

    public Recording Recording { get; private set; } = null!;

    /// <summary>Learns a small model.</summary>
    public static Learned Of(Recording recording, ModelSpecification? model = null, int iterations = 4, int? stopAfter = null, TrainingOptions? training = null)
    {
        var learned = new Learned { Recording = recording };
        TrainingSession.Run(
            new RunConfiguration
            {
                Data = "data.h5",
                Model = model ?? new ModelSpecification { States = 3, Inputs = 2 },
                Training = (training ?? new TrainingOptions()) with { Iterations = iterations, ValidationInterval = 1, Threads = 2, BatchSize = 4 },
            },
            recording, new RunFolder(learned.Folder), new TrainingRequest("a test", StopAfter: stopAfter));
        return learned;
    }

    public static ModelSpecification Linear(int states = 3, int inputs = 2) => new() { States = states, Inputs = inputs, Dynamics = new LinearSpecification(), Prior = new GaussianPriorSpecification() };

    public ReportSource Open(ReportRequest? request = null) => ReportSource.Open(Folder, "data.h5", Recording, (request ?? new ReportRequest()) with { Threads = 2 });

    public void Dispose() => _folder.Delete(recursive: true);
}
