using System.Runtime.InteropServices;

namespace IlqrVae.Mpi;

/// <summary>
/// The functions of the libmpi that is installed, found when they are asked for: the project needs none to be built. Two kinds of library differ in what a
/// handle is: in Open MPI the address of a variable that the library exports, in MPICH and those made after it (Intel MPI, MVAPICH, Cray, Microsoft) a number of mpi.h.
/// </summary>
internal sealed unsafe class MpiLibrary
{
    /// <summary>The variable that names the library to take, where it is not found by itself.</summary>
    public const string Variable = "ILQR_VAE_LIBMPI";

    /// <summary>MPI_THREAD_FUNNELED: only the thread that started MPI calls it.</summary>
    private const int Funneled = 1;

    private const nint MpichWorld = 0x44000000;
    private const nint MpichByte = 0x4c00010d;

    private static readonly string[] OpenMpiNames = ["libmpi.so.40", "libmpi.40.dylib", "libmpi.so.80", "libmpi.so.20"];
    private static readonly string[] MpichNames = ["libmpich.so.12", "libmpi.so.12", "libmpi.12.dylib", "msmpi.dll", "impi.dll", "libmpi_cray.so.12"];
    private static readonly string[] Unnumbered = ["libmpi.so", "libmpi.dylib"];

    private readonly nint _library;
    private readonly nint _world;
    private readonly nint _byte;
    private readonly delegate* unmanaged[Cdecl]<void*, int*, int*, nint, void*, int*, int*, nint, nint, int> _alltoallv;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, void*, int*, int*, nint, nint, int> _allgatherv;

    private MpiLibrary(nint library, string name)
    {
        _library = library;
        Name = name;
        IsOpenMpi = NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out var world);
        _world = IsOpenMpi ? world : MpichWorld;
        _byte = IsOpenMpi ? NativeLibrary.GetExport(library, "ompi_mpi_byte") : MpichByte;
        _alltoallv = (delegate* unmanaged[Cdecl]<void*, int*, int*, nint, void*, int*, int*, nint, nint, int>)NativeLibrary.GetExport(library, "MPI_Alltoallv");
        _allgatherv = (delegate* unmanaged[Cdecl]<void*, int, nint, void*, int*, int*, nint, nint, int>)NativeLibrary.GetExport(library, "MPI_Allgatherv");
    }

    /// <summary>Gets what the library is called.</summary>
    public string Name { get; }

    /// <summary>Gets whether it is Open MPI.</summary>
    public bool IsOpenMpi { get; }

    /// <summary>Finds the library: the one that <see cref="Variable"/> names, else that of the launcher.</summary>
    /// <exception cref="MpiException">There is none.</exception>
    public static MpiLibrary Load()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return NativeLibrary.TryLoad(named, out var library) && NativeLibrary.TryGetExport(library, "MPI_Init_thread", out _)
                ? new MpiLibrary(library, named)
                : throw new MpiException($"{Variable}: '{named}' is no MPI library that can be loaded here; give the path of libmpi.so.");
        }

        var names = MpiLaunch.IsOpenMpi switch
        {
            true => OpenMpiNames.Concat(Unnumbered),
            false => MpichNames.Concat(Unnumbered),
            _ => OpenMpiNames.Concat(MpichNames).Concat(Unnumbered),
        };
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, out var library) && NativeLibrary.TryGetExport(library, "MPI_Init_thread", out _))
            {
                return new MpiLibrary(library, name);
            }
        }

        throw new MpiException($"this was started by an MPI launcher, but its library (libmpi) is not found; load the cluster's MPI module, or name the library: {Variable}=/path/to/libmpi.so.");
    }

    /// <summary>Starts MPI in this process.</summary>
    /// <returns>How many processes there are, and the number of this one.</returns>
    public (int Count, int Number) Start()
    {
        var given = 0;
        var initialise = (delegate* unmanaged[Cdecl]<int*, byte***, int, int*, int>)NativeLibrary.GetExport(_library, "MPI_Init_thread");
        Require(initialise(null, null, Funneled, &given), "MPI_Init_thread");
        int count, number;
        Require(((delegate* unmanaged[Cdecl]<nint, int*, int>)NativeLibrary.GetExport(_library, "MPI_Comm_size"))(_world, &count), "MPI_Comm_size");
        Require(((delegate* unmanaged[Cdecl]<nint, int*, int>)NativeLibrary.GetExport(_library, "MPI_Comm_rank"))(_world, &number), "MPI_Comm_rank");
        return (count, number);
    }

    /// <summary>Ends MPI in this process, when the others do.</summary>
    public void Stop() => Require(((delegate* unmanaged[Cdecl]<int>)NativeLibrary.GetExport(_library, "MPI_Finalize"))(), "MPI_Finalize");

    /// <summary>Ends all processes at once.</summary>
    /// <param name="code">The exit code.</param>
    public void Abort(int code) => _ = ((delegate* unmanaged[Cdecl]<nint, int, int>)NativeLibrary.GetExport(_library, "MPI_Abort"))(_world, code);

    /// <summary>MPI_Allgatherv of bytes.</summary>
    /// <param name="own">What is sent.</param>
    /// <param name="lengths">Bytes of each process.</param>
    /// <param name="offsets">Where those of each process go.</param>
    /// <param name="all">Receives all.</param>
    public void Gather(ReadOnlySpan<byte> own, ReadOnlySpan<int> lengths, ReadOnlySpan<int> offsets, Span<byte> all)
    {
        fixed (byte* from = own, to = all)
        fixed (int* counts = lengths, places = offsets)
        {
            Require(_allgatherv(from, own.Length, _byte, to, counts, places, _byte, _world), "MPI_Allgatherv");
        }
    }

    /// <summary>MPI_Alltoallv of bytes.</summary>
    /// <param name="sent">What is sent.</param>
    /// <param name="sentLengths">Bytes for each process.</param>
    /// <param name="sentOffsets">Where those for each begin.</param>
    /// <param name="received">Receives what comes.</param>
    /// <param name="receivedLengths">Bytes from each process.</param>
    /// <param name="receivedOffsets">Where those from each go.</param>
    public void Exchange(
        ReadOnlySpan<byte> sent, ReadOnlySpan<int> sentLengths, ReadOnlySpan<int> sentOffsets, Span<byte> received, ReadOnlySpan<int> receivedLengths, ReadOnlySpan<int> receivedOffsets)
    {
        fixed (byte* from = sent, to = received)
        fixed (int* fromCounts = sentLengths, fromPlaces = sentOffsets, toCounts = receivedLengths, toPlaces = receivedOffsets)
        {
            Require(_alltoallv(from, fromCounts, fromPlaces, _byte, to, toCounts, toPlaces, _byte, _world), "MPI_Alltoallv");
        }
    }

    /// <summary>By default MPI ends the job itself where something fails; this is for libraries that have been told otherwise.</summary>
    private static void Require(int code, string function)
    {
        if (code != 0)
        {
            throw new MpiException($"{function} failed with code {code}.");
        }
    }
}
