// Collects which types of its own library a type, a signature or a token speaks of.
using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Berth.Housemap;

/// <summary>A signature's provider whose value is nothing: what it meets, it notes.</summary>
internal sealed class TypeUses(MetadataReader reader, HashSet<TypeDefinitionHandle> used) : ISignatureTypeProvider<object?, object?>
{
    public static string Namespace(MetadataReader reader, TypeDefinitionHandle handle)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        return type.GetDeclaringType() is { IsNil: false } outer ? Namespace(reader, outer) : reader.GetString(type.Namespace);
    }

    public static string FullName(MetadataReader reader, TypeDefinitionHandle handle)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        string name = reader.GetString(type.Name);
        // A lambda's or iterator's class stands for the type that holds it.
        if (type.GetDeclaringType() is { IsNil: false } outer) return name.StartsWith('<') ? FullName(reader, outer) : $"{FullName(reader, outer)}.{name}";
        return name;
    }

    public void OfType(TypeDefinitionHandle handle)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        if (!type.BaseType.IsNil) OfToken(type.BaseType);
        foreach (InterfaceImplementationHandle face in type.GetInterfaceImplementations()) OfToken(reader.GetInterfaceImplementation(face).Interface);
        foreach (FieldDefinitionHandle field in type.GetFields()) reader.GetFieldDefinition(field).DecodeSignature(this, null);
        foreach (MethodDefinitionHandle method in type.GetMethods()) reader.GetMethodDefinition(method).DecodeSignature(this, null);
    }

    public void OfLocals(StandaloneSignatureHandle locals) => reader.GetStandaloneSignature(locals).DecodeLocalSignature(this, null);

    public void OfToken(EntityHandle token)
    {
        switch (token.Kind)
        {
            case HandleKind.TypeDefinition: used.Add((TypeDefinitionHandle)token); break;
            case HandleKind.TypeSpecification: reader.GetTypeSpecification((TypeSpecificationHandle)token).DecodeSignature(this, null); break;
            case HandleKind.MethodDefinition: used.Add(reader.GetMethodDefinition((MethodDefinitionHandle)token).GetDeclaringType()); break;
            case HandleKind.FieldDefinition: used.Add(reader.GetFieldDefinition((FieldDefinitionHandle)token).GetDeclaringType()); break;
            case HandleKind.MemberReference: OfToken(reader.GetMemberReference((MemberReferenceHandle)token).Parent); break;
            case HandleKind.MethodSpecification:
                MethodSpecification method = reader.GetMethodSpecification((MethodSpecificationHandle)token);
                method.DecodeSignature(this, null);
                OfToken(method.Method);
                break;
            default: break;
        }
    }

    public object? GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
    {
        used.Add(handle);
        return null;
    }

    public object? GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    public object? GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => null;

    public object? GetPrimitiveType(PrimitiveTypeCode typeCode) => null;

    public object? GetSZArrayType(object? elementType) => null;

    public object? GetArrayType(object? elementType, ArrayShape shape) => null;

    public object? GetByReferenceType(object? elementType) => null;

    public object? GetPointerType(object? elementType) => null;

    public object? GetPinnedType(object? elementType) => null;

    public object? GetModifiedType(object? modifier, object? unmodifiedType, bool isRequired) => null;

    public object? GetFunctionPointerType(MethodSignature<object?> signature) => null;

    public object? GetGenericInstantiation(object? genericType, ImmutableArray<object?> typeArguments) => null;

    public object? GetGenericMethodParameter(object? genericContext, int index) => null;

    public object? GetGenericTypeParameter(object? genericContext, int index) => null;
}
