using System.Reflection;
using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using IlqrVae.Control;

namespace IlqrVae.Tests;

/// <summary>Which rooms of the library may know which others.</summary>
public sealed class ArchitectureTests
{
    private const string Numerics = "Numerics";
    private const string Control = "Control";
    private const string Recordings = "Recordings";
    private const string Models = "Models";
    private const string Inference = "Inference";
    private const string Training = "Training";
    private const string Simulation = "Simulation";
    private const string Evaluation = "Evaluation";

    private static readonly string[] Rooms = [Numerics, Control, Recordings, Models, Inference, Training, Simulation, Evaluation];

    private static readonly Architecture Library = new ArchLoader().LoadAssemblies(typeof(SolverOptions).Assembly).Build();

    public static TheoryData<string, string[]> MayKnow => new()
    {
        { Numerics, [] },
        { Recordings, [] },
        { Control, [Numerics] },
        { Models, [Numerics, Control, Recordings] },
        { Inference, [Numerics, Control, Recordings, Models] },
        { Training, [Numerics, Control, Recordings, Models, Inference] },
        { Simulation, [Numerics, Recordings] },
        { Evaluation, [Numerics, Recordings] },
    };

    [Theory]
    [MemberData(nameof(MayKnow))]
    public void A_room_knows_only_the_rooms_below_it(string room, string[] known)
    {
        var others = Rooms.Where(other => other != room && !known.Contains(other));
        var rule = ArchRuleDefinition.Types().That().ResideInNamespaceMatching(Pattern(room))
            .Should().NotDependOnAny(ArchRuleDefinition.Types().That().ResideInNamespaceMatching(Pattern([.. others])));

        Assert.Empty(rule.Evaluate(Library).Where(result => !result.Passed).Select(result => result.Description));
    }

    [Fact]
    public void Every_type_is_in_a_room()
    {
        var rule = ArchRuleDefinition.Types().That().ResideInNamespaceMatching(@"^IlqrVae\.").Should().ResideInNamespaceMatching(Pattern(Rooms));

        Assert.Empty(rule.Evaluate(Library).Where(result => !result.Passed).Select(result => result.Description));
    }

    [Fact]
    public void The_library_knows_neither_files_nor_the_command_line()
        => Assert.DoesNotContain(
            typeof(SolverOptions).Assembly.GetReferencedAssemblies(),
            assembly => assembly.Name!.StartsWith("IlqrVae", StringComparison.Ordinal) || assembly.Name is "PureHDF" or "ScottPlot" or "System.CommandLine" or "Spectre.Console");

    [Theory]
    [InlineData(Numerics)]
    [InlineData("Models.Parameters")]
    [InlineData("Models.Differentiation")]
    [InlineData(Simulation)]
    [InlineData(Evaluation)]
    public void Addresses_stay_inside(string room)
    {
        var types = typeof(SolverOptions).Assembly.GetExportedTypes().Where(type => type.Namespace == $"IlqrVae.{room}").ToArray();
        Assert.NotEmpty(types);
        var members = types.SelectMany(type => type.GetMethods().Cast<MethodBase>().Concat(type.GetConstructors()));
        Assert.DoesNotContain(members, member => member.GetParameters().Any(parameter => parameter.ParameterType.IsPointer)
            || (member is MethodInfo method && method.ReturnType.IsPointer));
    }

    private static string Pattern(params string[] rooms) => $@"^IlqrVae\.({string.Join('|', rooms)})(\..*)?$";
}
