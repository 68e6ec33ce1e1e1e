namespace IlqrVae.Mpi;

/// <summary>What the environment says of how this process was started. Launchers tell the processes of a job about each other by variables of their own.</summary>
public static class MpiLaunch
{
    /// <summary>Variables by which launchers number processes: Open MPI's; MPICH's, Intel MPI's and Slurm's (srun --mpi=pmi2); PMIx (srun --mpi=pmix).</summary>
    private static readonly string[] Numbers = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"];

    /// <summary>Variables by which they tell how many there are. PMIx alone does not tell.</summary>
    private static readonly string[] Counts = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"];

    /// <summary>Whether it started more processes than this one; where it does not tell how many, it may have.</summary>
    public static bool IsShared => IsLaunched && !Counts.Any(name => Environment.GetEnvironmentVariable(name) == "1");

    /// <summary>Whether this is the first process of its job, or none of any.</summary>
    public static bool IsFirst => Numbers.Select(Environment.GetEnvironmentVariable).FirstOrDefault(number => !string.IsNullOrEmpty(number)) is null or "0";

    /// <summary>Whether the launcher is Open MPI's; null where that cannot be told.</summary>
    internal static bool? IsOpenMpi
        => Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_RANK") is { Length: > 0 } ? true : Environment.GetEnvironmentVariable("PMI_RANK") is { Length: > 0 } ? false : null;

    /// <summary>Whether a launcher of MPI jobs started this process, alone or with others.</summary>
    private static bool IsLaunched => Numbers.Any(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 });
}
